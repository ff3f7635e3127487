// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_TEMPORARY_FOLDER_H_
#define DEVSTATE_CONFORMANCE_TEMPORARY_FOLDER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace devstate {

// A new folder in $TMPDIR or /tmp that is removed with the object, contents and
// all.
class TemporaryFolder {
 public:
  // Creates the folder. `name` becomes part of its name. UNAVAILABLE with the
  // remedy.
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Create(
      absl::string_view name);
  // Takes one that the program before this one has created.
  static std::unique_ptr<TemporaryFolder> Adopt(std::string path);
  ~TemporaryFolder();

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace devstate

#endif  // DEVSTATE_CONFORMANCE_TEMPORARY_FOLDER_H_
