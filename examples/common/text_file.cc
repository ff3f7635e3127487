// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/common/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace devstate::examples {

absl::Status WriteTextFile(const std::string& path, absl::string_view what,
                           absl::string_view flag,
                           const std::function<void(std::ostream&)>& write) {
  const std::string unfinished = path + ".part";
  std::ofstream file(unfinished, std::ios::trunc);
  write(file);
  file.close();
  if (file.fail() || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write ", what, " to ",
                                               path, ": ", std::strerror(errno),
                                               "; choose another ", flag));
  }
  return absl::OkStatus();
}

}  // namespace devstate::examples
