// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the golden streams anew, into the directory given:
//
//   bazel run //tests/serializer:write_golden -- $PWD/tests/golden
//
// Only for a new format version, or before the first release: afterwards every
// golden stream stays as it is, for ever.

#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "devstate/serializer/test_streams.h"
#include "tests/serializer/small_state.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_golden DIRECTORY\n";
    return 2;
  }
  const std::pair<const char*, absl::Status (*)(devstate::ByteSink*)>
      streams[] = {
          {"fs_small.dstate", &devstate::testing::WriteSmallState},
          {"fs_zstd.dstate", &devstate::testing::WriteCompressedState},
      };
  for (const auto& [name, write] : streams) {
    devstate::testing::StringSink sink;
    const absl::Status status = write(&sink);
    const std::string path = std::string(argv[1]) + "/" + name;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << sink.written;
    file.close();
    if (!status.ok() || !file) {
      std::cerr << path << ": cannot write it: " << status << "\n";
      return 1;
    }
  }
  return 0;
}
