// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/stream.pb.h"

namespace devstate::virtiofsd {

// Reads values of postcard 1.x (https://postcard.jamesmunns.com/wire-format)
// one after the other. Accepts only what postcard's own writer writes, so a
// varint of more bytes than it needs is an error.
//
// After the first error every call returns zero or nothing and leaves the error
// in status(). So a record is read without looking at each field. Look at
// status() before using what was read. Errors are StreamErrors with the offset
// of the value. Memory is constant. Thread-safety: none.
class PostcardReader {
 public:
  // Requires: `source` outlives the reader.
  explicit PostcardReader(ByteSource* source) : source_(*source) {}

  PostcardReader(const PostcardReader&) = delete;
  PostcardReader& operator=(const PostcardReader&) = delete;

  const absl::Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  // Returns the offset of the next byte from the start of the source.
  uint64_t offset() const { return offset_ + position_; }

  // Reads a number. `what` names the value in an error, here and below.
  // Requires: `what` is a literal or outlives the call.
  uint64_t U64(absl::string_view what) { return Varint(what, UINT64_MAX); }
  int32_t I32(absl::string_view what);
  // Reads 0 or 1, the form of a bool and of an Option.
  bool Bool(absl::string_view what);
  // Reads the index of a variant, below `variants`. Any other is MALFORMED.
  uint32_t Variant(absl::string_view what, uint32_t variants);
  // Reads how many elements follow. LIMIT above `max`, before anything is read.
  uint64_t Count(absl::string_view what, uint64_t max);
  // Reads at most `max` bytes. LIMIT above, before memory is taken.
  void Bytes(absl::string_view what, size_t max, std::string* value);
  // Reads as Bytes() does, and checks that it is UTF-8.
  void String(absl::string_view what, size_t max, std::string* value);
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

 private:
  uint64_t Varint(absl::string_view what, uint64_t max);
  uint64_t SlowVarint(absl::string_view what, uint64_t max);
  // Returns the next byte; -1 after an error.
  int Byte(absl::string_view what);
  // Fills the buffer. Returns whether there is at least one byte in it.
  bool Fill();
  void FailAtEnd(absl::string_view what);

  ByteSource& source_;
  ByteBuffer buffer_;
  size_t position_ = 0;
  // The offset of the buffer's first byte.
  uint64_t offset_ = 0;
  absl::Status status_;
  absl::string_view record_;
  uint64_t index_ = 0;
  uint64_t count_ = 0;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_
