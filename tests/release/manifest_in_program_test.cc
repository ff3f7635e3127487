// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The manifest in the program is the manifest in the file.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "tests/release/queue_manifest.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.find("\"name\": \"example-queue\"") == std::string::npos) {
    std::cerr << argv[1] << " is no manifest: " << text << "\n";
    return 1;
  }
  if (example::QueueStateManifest() != text) {
    std::cerr << "in the program: " << example::QueueStateManifest() << "\n";
    return 1;
  }
  return 0;
}
