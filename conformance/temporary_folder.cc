// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace devstate {

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Create(
    absl::string_view name) {
  const char* base = getenv("TMPDIR");
  std::string path = absl::StrCat(base != nullptr ? base : "/tmp", "/devstate-",
                                  name, ".XXXXXX");
  if (mkdtemp(&path[0]) == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("cannot make the folder ", path, ": ",
                     std::strerror(errno), ": set TMPDIR to a writable one"));
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
}

std::unique_ptr<TemporaryFolder> TemporaryFolder::Adopt(std::string path) {
  return std::unique_ptr<TemporaryFolder>(
      new TemporaryFolder(std::move(path)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace devstate
