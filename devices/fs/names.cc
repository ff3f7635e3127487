// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/fs/names.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "devstate/serializer/utf8.h"

namespace devstate::fs {

absl::string_view WrongName(absl::string_view name) {
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return "is a way through the tree";
  if (absl::StrContains(name, '/')) return "contains a '/'";
  if (absl::StrContains(name, '\0')) return "contains a NUL";
  if (name.size() > kMaxName) return "is longer than 255 bytes";
  if (!IsValidUtf8(name)) return "is not UTF-8";
  return {};
}

absl::string_view WrongPath(absl::string_view path) {
  if (path.empty()) return "is empty";
  if (path[0] == '/') return "is absolute";
  if (absl::StrContains(path, '\0')) return "contains a NUL";
  if (path.size() > kMaxPath) return "is longer than 4096 bytes";
  if (!IsValidUtf8(path)) return "is not UTF-8";
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return "leaves the shared directory with \"..\"";
  }
  return {};
}

std::string Quote(absl::string_view name) {
  return absl::StrCat("\"",
                      IsValidUtf8(name) ? absl::Utf8SafeCHexEscape(name)
                                        : absl::CHexEscape(name),
                      "\"");
}

}  // namespace devstate::fs
