// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of a device as QEMU saves them: big-endian numbers, one after the
// other. FieldsIn and FieldsOut have the same members, so that one template
// says what a device has in both directions.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_FIELDS_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate::qemu {

// Reads fields. After the first error every member leaves its value as it is,
// and the error is in status(). It is a StreamError with the offset of the
// value.
class FieldsIn {
 public:
  // Requires: `bytes` outlives this object.
  explicit FieldsIn(absl::string_view bytes) : bytes_(bytes) {}

  static constexpr bool kReads = true;

  // `what` names the value in an error. Requires: it is a literal.
  void U8(absl::string_view what, uint8_t* value);
  void U16(absl::string_view what, uint16_t* value);
  void U32(absl::string_view what, uint32_t* value);
  void U64(absl::string_view what, uint64_t* value);
  // Reads exactly `size` bytes.
  void Raw(absl::string_view what, size_t size, std::string* value);

  // Fails, unless it has already, with an error at the last value that was
  // read.
  void Fail(absl::string_view message);

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  size_t offset() const { return offset_; }
  absl::string_view rest() const { return bytes_.substr(offset_); }

 private:
  // Returns the bytes; empty after an error.
  absl::string_view Take(absl::string_view what, size_t size);
  uint64_t Number(absl::string_view what, size_t size, uint64_t before);

  const absl::string_view bytes_;
  size_t offset_ = 0;
  // The offset of the last value.
  size_t last_ = 0;
  absl::Status status_;
};

// Writes fields. Its members take what FieldsIn would fill.
class FieldsOut {
 public:
  static constexpr bool kReads = false;

  void U8(absl::string_view what, const uint8_t* value);
  void U16(absl::string_view what, const uint16_t* value);
  void U32(absl::string_view what, const uint32_t* value);
  void U64(absl::string_view what, const uint64_t* value);
  // Requires: the value has `size` bytes.
  void Raw(absl::string_view what, size_t size, const std::string* value);

  std::string& bytes() { return bytes_; }

 private:
  void Number(uint64_t value, size_t size);

  std::string bytes_;
};

// Reads a little-endian number of `size` bytes, as configuration spaces and the
// memory of the source's processor have them. 0 for bytes that are not there.
uint64_t LittleEndian(absl::string_view bytes, size_t offset, size_t size);

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_FIELDS_H_
