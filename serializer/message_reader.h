// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_MESSAGE_READER_H_
#define DEVSTATE_SERIALIZER_MESSAGE_READER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/decode_context.h"

namespace devstate {

// Walks the fields of a serialized protobuf message. Unlike a protobuf parser
// it hides nothing: the caller sees every field and its wire type.
class MessageReader {
 public:
  explicit MessageReader(absl::string_view message)
      : position_(message.data()), end_(message.data() + message.size()) {}

  struct Field {
    uint32_t number = 0;
    uint32_t wire_type = 0;
    // The value of a varint.
    uint64_t value = 0;
    // The bytes of a length-delimited field.
    absl::string_view bytes;
  };

  // Moves to the next field. Returns false at the end of the message and if the
  // message is malformed; see ok(). Only varints and length-delimited fields
  // occur in columns, so a field of another wire type counts as malformed.
  bool Next(Field* field);

  bool ok() const { return ok_; }

 private:
  const char* position_;
  const char* end_;
  bool ok_ = true;
};

// The fields of a message whose numbers are 1 to `kMax`, each at most once and
// with a known wire type. A field is a varint if its bit in `varints` is set,
// else length-delimited. Everything that does not fit is an error.
template <int kMax>
class FieldTable {
 public:
  absl::Status Parse(absl::string_view message, uint32_t varints,
                     const DecodeContext& context) {
    return ParseFields(message, varints, kMax, fields_, &seen_, context);
  }
  bool has(int number) const { return (seen_ >> number & 1) != 0; }
  bool HasAnyFrom(int number) const { return (seen_ >> number) != 0; }
  uint64_t value(int number) const { return fields_[number].value; }
  absl::string_view bytes(int number) const { return fields_[number].bytes; }

 private:
  MessageReader::Field fields_[kMax + 1];
  uint32_t seen_ = 0;
};

// Parses for FieldTable. `fields` has max + 1 elements.
absl::Status ParseFields(absl::string_view message, uint32_t varints, int max,
                         MessageReader::Field* fields, uint32_t* seen,
                         const DecodeContext& context);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_MESSAGE_READER_H_
