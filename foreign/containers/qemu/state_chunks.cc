// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/state_chunks.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

uint32_t ReadBigEndian32(absl::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) {
    value = value << 8 | static_cast<uint8_t>(byte);
  }
  return value;
}

void AppendBigEndian32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

absl::Status QemuFileError(uint64_t offset, absl::string_view message) {
  return StreamError({ERROR_REASON_MALFORMED, offset}, message);
}

absl::StatusOr<bool> StateChunkWalker::Next() {
  const auto no_room = [&](absl::string_view what) {
    return QemuFileError(
        position_,
        absl::StrFormat("%s of a back-end's state does not fit before 0x%x, "
                        "where the state must end: the file is damaged",
                        what, limit_));
  };
  if (limit_ - position_ < 4) return no_room("the length of a chunk");
  DS_ASSIGN_OR_RETURN(const absl::string_view length,
                      window_.Get(position_, 4));
  length_ = ReadBigEndian32(length);
  if (limit_ - position_ - 4 < length_) {
    return no_room(absl::StrCat("a chunk of ", length_, " bytes"));
  }
  data_offset_ = position_ + 4;
  position_ = data_offset_ + length_;
  if (length_ == 0) return false;
  bytes_ += length_;
  ++chunks_;
  return true;
}

absl::StatusOr<size_t> StateChunkSource::Read(char* buffer, size_t size) {
  DS_RETURN_IF_ERROR(failure_);
  if (ended_) return 0;
  if (taken_ == walker_.length()) {
    taken_ = 0;
    const absl::StatusOr<bool> more = walker_.Next();
    if (!more.ok()) return failure_ = more.status();
    if (!*more) {
      ended_ = true;
      return 0;
    }
  }
  size = std::min<size_t>(size, walker_.length() - taken_);
  failure_ = file_->ReadAt(walker_.data_offset() + taken_, buffer, size);
  DS_RETURN_IF_ERROR(failure_);
  taken_ += static_cast<uint32_t>(size);
  return size;
}

}  // namespace devstate
