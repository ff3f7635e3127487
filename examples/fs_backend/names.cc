// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/names.h"

#include <sys/stat.h>

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace devstate::examples {
namespace {

// Length of the well-formed sequence at the start of `text`, 0 if there is
// none.
size_t SequenceLength(absl::string_view text) {
  const auto byte = [text](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  size_t length = 0;
  // The second byte's range is what excludes overlong forms and surrogates.
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

absl::Status CheckName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("the name is empty");
  if (name == "." || name == "..") {
    return absl::InvalidArgumentError("the name is a way through the tree");
  }
  for (const char c : name) {
    if (c == '/') return absl::InvalidArgumentError("the name contains a '/'");
    if (c == '\0') return absl::InvalidArgumentError("the name contains a NUL");
  }
  if (!IsUtf8(name)) return absl::InvalidArgumentError("the name is not UTF-8");
  return absl::OkStatus();
}

std::string Quote(absl::string_view name) {
  return absl::StrCat(
      "\"",
      IsUtf8(name) ? absl::Utf8SafeCHexEscape(name) : absl::CHexEscape(name),
      "\"");
}

absl::string_view TypeName(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "regular file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "symbolic link";
    case S_IFIFO:
      return "FIFO";
    case S_IFSOCK:
      return "socket";
    case S_IFCHR:
      return "character device";
    case S_IFBLK:
      return "block device";
    default:
      return "thing of unknown type";
  }
}

}  // namespace devstate::examples
