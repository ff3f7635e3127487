// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/postcard_reader.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/serializer/utf8.h"

namespace devstate::virtiofsd {

uint64_t PostcardReader::Varint(absl::string_view what, uint64_t max) {
  // Most are of one byte.
  if (position_ < buffer_.size() && ok()) {
    const auto byte = static_cast<unsigned char>(buffer_[position_]);
    if (byte < 0x80 && byte <= max) {
      ++position_;
      return byte;
    }
  }
  return SlowVarint(what, max);
}

uint64_t PostcardReader::SlowVarint(absl::string_view what, uint64_t max) {
  if (!ok()) return 0;
  const uint64_t start = offset();
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const int byte = Byte(what);
    if (byte < 0) return 0;
    const auto group = static_cast<uint64_t>(byte & 0x7f);
    if (shift == 63 && byte > 1) {
      Fail(ERROR_REASON_MALFORMED, start,
           absl::StrCat(what, " is a varint of more than 64 bits"));
      return 0;
    }
    value |= group << shift;
    if (byte >= 0x80) continue;
    if (byte == 0 && shift > 0) {
      Fail(ERROR_REASON_MALFORMED, start,
           absl::StrCat(what, " is a varint of more bytes than ", value,
                        " needs"));
      return 0;
    }
    break;
  }
  if (value > max) {
    Fail(ERROR_REASON_MALFORMED, start,
         absl::StrCat(what, " is ", value, ", expected at most ", max));
    return 0;
  }
  return value;
}

int32_t PostcardReader::I32(absl::string_view what) {
  const auto zigzag = static_cast<uint32_t>(Varint(what, UINT32_MAX));
  return static_cast<int32_t>((zigzag >> 1) ^ (0 - (zigzag & 1)));
}

bool PostcardReader::Bool(absl::string_view what) {
  if (!ok()) return false;
  const uint64_t start = offset();
  const int byte = Byte(what);
  if (byte > 1) {
    Fail(ERROR_REASON_MALFORMED, start,
         absl::StrFormat("%s is 0x%02x, expected 0 or 1", what, byte));
  }
  return byte == 1;
}

uint32_t PostcardReader::Variant(absl::string_view what, uint32_t variants) {
  const uint64_t start = offset();
  const uint64_t index = Varint(what, UINT32_MAX);
  if (index < variants) return static_cast<uint32_t>(index);
  Fail(ERROR_REASON_MALFORMED, start,
       absl::StrCat(what, " is variant ", index, ", expected 0",
                    variants == 1 ? "" : absl::StrCat(" to ", variants - 1)));
  return 0;
}

uint64_t PostcardReader::Count(absl::string_view what, uint64_t max) {
  const uint64_t start = offset();
  const uint64_t count = U64(what);
  if (count <= max) return count;
  Fail(ERROR_REASON_LIMIT, start,
       absl::StrCat(what, " is ", count, ", the limit is ", max));
  return 0;
}

void PostcardReader::Bytes(absl::string_view what, size_t max,
                           std::string* value) {
  value->clear();
  const uint64_t start = offset();
  const uint64_t size = U64(what);
  if (size > max) {
    Fail(ERROR_REASON_LIMIT, start,
         absl::StrCat(what, " has ", size, " bytes, the limit is ", max));
    return;
  }
  if (ok()) Raw(what, static_cast<size_t>(size), value);
}

void PostcardReader::String(absl::string_view what, size_t max,
                            std::string* value) {
  Bytes(what, max, value);
  if (ok() && !IsValidUtf8(*value)) {
    Fail(ERROR_REASON_MALFORMED, offset() - value->size(),
         absl::StrCat(what, " is not UTF-8"));
  }
}

}  // namespace devstate::virtiofsd
