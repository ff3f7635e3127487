// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the writers of golden streams share.

#ifndef DEVSTATE_TESTS_HISTORY_GOLDEN_FILE_H_
#define DEVSTATE_TESTS_HISTORY_GOLDEN_FILE_H_

#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/backend/backend.h"
#include "devstate/serializer/test_streams.h"

namespace devstate::testing {

// What `device` saves, written by an implementation of this name and version.
template <typename Codec>
absl::Status WriteGolden(const std::string& path, const char* implementation,
                         StateDevice<Codec>* device) {
  StateOptions options;
  options.writer.implementation.name = implementation;
  options.writer.implementation.version = absl::StrCat(Codec::Schema().version);
  StateHandler<Codec> handler(device, std::move(options));
  StringSink sink;
  absl::Status status = handler.Save(sink);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << sink.written;
  file.close();
  if (status.ok() && !file) {
    status = absl::UnavailableError(absl::StrCat("cannot write ", path));
  }
  return status;
}

// main() of a writer.
inline int WriteGoldens(int argc, char** argv,
                        absl::Status (*write_all)(const std::string& folder)) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " DIRECTORY\n";
    return 2;
  }
  const absl::Status status = write_all(argv[1]);
  if (!status.ok()) std::cerr << argv[0] << ": " << status << "\n";
  return status.ok() ? 0 : 1;
}

}  // namespace devstate::testing

#endif  // DEVSTATE_TESTS_HISTORY_GOLDEN_FILE_H_
