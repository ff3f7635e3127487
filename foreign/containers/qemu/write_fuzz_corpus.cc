// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the corpus of qemu_file_fuzz into a folder: small files, so that most
// mutations hit what is read.

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/qemu/test_qemu_file.h"

namespace {

using devstate::testing::Chunks;
using devstate::testing::FsDevice;
using devstate::testing::NetDevice;
using devstate::testing::PlainDevice;
using devstate::testing::Subsection;
using devstate::testing::TestDevice;
using devstate::testing::TestFile;

bool Write(const std::string& folder, const std::string& name,
           std::vector<TestDevice> devices) {
  TestFile file;
  file.memory = "memory";
  file.devices = std::move(devices);
  std::ofstream stream(absl::StrCat(folder, "/", name, ".mig"),
                       std::ios::binary);
  stream << file.Build();
  return static_cast<bool>(stream.flush());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_fuzz_corpus FOLDER\n");
    return 2;
  }
  const std::string mark = Subsection("virtio-net-device/backend");
  const bool written =
      Write(argv[1], "no_state", {PlainDevice("plain", 3)}) &&
      Write(argv[1], "fs", {FsDevice("fs", {"one", "two"})}) &&
      Write(argv[1], "fs_empty", {FsDevice("fs", {}), PlainDevice("p", 1)}) &&
      Write(argv[1], "net", {NetDevice("net", "tables", {"one", "two"})}) &&
      Write(argv[1], "net_twice",
            {NetDevice("net", mark + Chunks({"made up"}), {"true"})}) &&
      Write(argv[1], "all",
            {PlainDevice("plain", 3), FsDevice("fs", {"one"}),
             NetDevice("net", "t", {"two"}), FsDevice("other", {"three"})});
  if (!written) std::fprintf(stderr, "write_fuzz_corpus: cannot write\n");
  return written ? 0 : 1;
}
