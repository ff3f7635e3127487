// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/sax_source.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_error.h"

namespace devstate {
namespace {

// The most bytes of a parser's words.
constexpr size_t kMaxWords = 200;

}  // namespace

bool CborStrings::StartsEndlessString(uint8_t byte) {
  if (content_ != 0) {
    --content_;
    return false;
  }
  if (length_bytes_ != 0) {
    length_ = length_ << 8 | byte;
    if (--length_bytes_ == 0 && is_string_) content_ = length_;
    return false;
  }
  // A major type of 3 bits, and a length or how many bytes have it.
  const uint8_t type = byte >> 5;
  const uint8_t info = byte & 0x1f;
  is_string_ = type == 2 || type == 3;
  length_ = 0;
  if (info >= 24 && info <= 27) length_bytes_ = 1 << (info - 24);
  if (info < 24 && is_string_) content_ = info;
  return is_string_ && info == 31;
}

absl::Status SaxSource::Damaged(absl::string_view name,
                                absl::string_view what) const {
  return ended_ ? StreamError({ERROR_REASON_NO_TRAILER, offset()},
                              absl::StrCat(name,
                                           " that ends early: it was cut "
                                           "off; save it again"))
                : StreamError({ERROR_REASON_MALFORMED, offset()},
                              absl::StrCat("not ", name, ": ", what));
}

void SaxSource::RefuseString() {
  status_ =
      StreamError({ERROR_REASON_MALFORMED, offset()},
                  "a string of unknown length, which crosvm does not write: "
                  "the file is damaged; save it again");
}

std::string SaxErrorText(absl::string_view error) {
  error = error.substr(0, error.find("; last "));
  const size_t place = error.find(": ");
  if (place != absl::string_view::npos) error.remove_prefix(place + 2);
  return std::string(error.substr(0, kMaxWords));
}

}  // namespace devstate
