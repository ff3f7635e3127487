// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/foreign/field_reader.h"

namespace devstate::virtiofsd {

// Reads values of postcard 1.x (https://postcard.jamesmunns.com/wire-format)
// one after the other. Accepts only what postcard's own writer writes, so a
// varint of more bytes than it needs is an error.
//
// Errors and memory are those of FieldReader. Thread-safety: none.
class PostcardReader : public FieldReader {
 public:
  using FieldReader::FieldReader;

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

 private:
  uint64_t Varint(absl::string_view what, uint64_t max);
  uint64_t SlowVarint(absl::string_view what, uint64_t max);
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_POSTCARD_READER_H_
