// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/field_reader.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_error.h"

namespace devstate {
namespace {

constexpr size_t kBufferSize = 64 * 1024;

}  // namespace

void FieldReader::Fail(ErrorReason reason, uint64_t offset,
                       absl::string_view message) {
  if (!status_.ok()) return;
  status_ = StreamError({reason, offset},
                        record_.empty()
                            ? std::string(message)
                            : absl::StrCat(record_, " ", index_ + 1, " of ",
                                           count_, ": ", message));
}

void FieldReader::FailAtEnd(absl::string_view what) {
  Fail(ERROR_REASON_NO_TRAILER, offset(),
       absl::StrCat("the state ends within ", what,
                    ": it was cut off; save it again"));
}

bool FieldReader::Fill() {
  if (position_ < buffer_.size()) return true;
  if (!status_.ok()) return false;
  offset_ += position_;
  position_ = 0;
  buffer_.ResizeUninitialized(kBufferSize);
  const absl::StatusOr<size_t> read =
      source_.Read(buffer_.data(), buffer_.size());
  buffer_.ResizeUninitialized(read.ok() ? *read : 0);
  if (!read.ok()) status_ = read.status();
  return !buffer_.empty();
}

int FieldReader::Byte(absl::string_view what) {
  if (!Fill()) {
    FailAtEnd(what);
    return -1;
  }
  return static_cast<unsigned char>(buffer_[position_++]);
}

void FieldReader::Raw(absl::string_view what, size_t size, std::string* value) {
  value->clear();
  while (value->size() < size) {
    if (!Fill()) {
      FailAtEnd(what);
      return;
    }
    const size_t part =
        std::min(size - value->size(), buffer_.size() - position_);
    value->append(buffer_.data() + position_, part);
    position_ += part;
  }
}

void FieldReader::End() {
  if (!status_.ok()) return;
  if (Fill()) {
    Fail(ERROR_REASON_TRAILING_BYTES, offset(),
         "bytes follow the end of the state: it was not written like this; "
         "save it again");
  }
}

}  // namespace devstate
