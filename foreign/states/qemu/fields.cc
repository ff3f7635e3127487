// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/fields.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/stream_error.h"

namespace devstate::qemu {

absl::string_view FieldsIn::Take(absl::string_view what, size_t size) {
  if (!ok()) return {};
  last_ = offset_;
  if (bytes_.size() - offset_ < size) {
    status_ = StreamError(
        {ERROR_REASON_MALFORMED, bytes_.size()},
        absl::StrCat("the device's state ends inside ", what, ", of ", size,
                     " bytes from offset ", offset_));
    return {};
  }
  offset_ += size;
  return bytes_.substr(last_, size);
}

uint64_t FieldsIn::Number(absl::string_view what, size_t size,
                          uint64_t before) {
  const absl::string_view bytes = Take(what, size);
  if (bytes.empty()) return before;
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

void FieldsIn::U8(absl::string_view what, uint8_t* value) {
  *value = static_cast<uint8_t>(Number(what, sizeof(*value), *value));
}

void FieldsIn::U16(absl::string_view what, uint16_t* value) {
  *value = static_cast<uint16_t>(Number(what, sizeof(*value), *value));
}

void FieldsIn::U32(absl::string_view what, uint32_t* value) {
  *value = static_cast<uint32_t>(Number(what, sizeof(*value), *value));
}

void FieldsIn::U64(absl::string_view what, uint64_t* value) {
  *value = Number(what, sizeof(*value), *value);
}

void FieldsIn::Raw(absl::string_view what, size_t size, std::string* value) {
  const absl::string_view bytes = Take(what, size);
  if (ok()) value->assign(bytes.data(), bytes.size());
}

void FieldsIn::Fail(absl::string_view message) {
  if (!ok()) return;
  status_ = StreamError({ERROR_REASON_MALFORMED, last_}, message);
}

void FieldsOut::Number(uint64_t value, size_t size) {
  for (size_t i = size; i > 0; --i) {
    bytes_.push_back(static_cast<char>(value >> (8 * (i - 1))));
  }
}

void FieldsOut::U8(absl::string_view, const uint8_t* value) {
  Number(*value, sizeof(*value));
}

void FieldsOut::U16(absl::string_view, const uint16_t* value) {
  Number(*value, sizeof(*value));
}

void FieldsOut::U32(absl::string_view, const uint32_t* value) {
  Number(*value, sizeof(*value));
}

void FieldsOut::U64(absl::string_view, const uint64_t* value) {
  Number(*value, sizeof(*value));
}

void FieldsOut::Raw(absl::string_view, size_t, const std::string* value) {
  bytes_.append(*value);
}

uint64_t LittleEndian(absl::string_view bytes, size_t offset, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i > 0; --i) {
    if (offset + i > bytes.size()) continue;
    value = value << 8 | static_cast<uint8_t>(bytes[offset + i - 1]);
  }
  return value;
}

}  // namespace devstate::qemu
