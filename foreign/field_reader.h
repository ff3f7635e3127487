// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_FIELD_READER_H_
#define DEVSTATE_FOREIGN_FIELD_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// Reads the fields of a foreign state one after the other.
//
// After the first error every call returns zero or nothing and leaves the error
// in status(). So a record is read without looking at each field. Look at
// status() before using what was read. Errors are StreamErrors with the offset
// of the value. Memory is constant. Thread-safety: none.
class FieldReader {
 public:
  // Requires: `source` outlives the reader.
  explicit FieldReader(ByteSource* source) : source_(*source) {}

  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  // Returns the offset of the next byte from the start of the source.
  uint64_t offset() const { return offset_ + position_; }

  // Returns the next byte; -1 after an error. `what` names the value in an
  // error, here and below. Requires: `what` is a literal or outlives the call.
  int Byte(absl::string_view what);
  // Reads exactly `size` bytes into `value`.
  void Raw(absl::string_view what, size_t size, std::string* value);
  // Returns whether there is a byte left.
  bool More() { return Fill(); }
  // Expects the end of the source; TRAILING_BYTES otherwise.
  void End();

  // Fails, unless it has already, with an error at `offset`.
  void Fail(ErrorReason reason, uint64_t offset, absl::string_view message);
  // Names the current record in errors: "inode 7 of 12". `index` counts from 0.
  // Requires: `kind` is a literal.
  void InRecord(absl::string_view kind, uint64_t index, uint64_t count) {
    record_ = kind;
    index_ = index;
    count_ = count;
  }
  void OutOfRecords() { record_ = {}; }

 protected:
  ~FieldReader() = default;

  // Fills the buffer. Returns whether there is at least one byte in it.
  bool Fill();

  // What was read and not taken starts at position_.
  ByteBuffer buffer_;
  size_t position_ = 0;

 private:
  void FailAtEnd(absl::string_view what);

  ByteSource& source_;
  // The offset of the buffer's first byte.
  uint64_t offset_ = 0;
  absl::Status status_;
  absl::string_view record_;
  uint64_t index_ = 0;
  uint64_t count_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_FIELD_READER_H_
