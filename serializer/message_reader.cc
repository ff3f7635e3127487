// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/message_reader.h"

#include "absl/strings/str_cat.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

bool MessageReader::Next(Field* field) {
  if (!ok_ || position_ == end_) return false;
  ok_ = false;
  uint64_t tag;
  const char* p = DecodeVarint(position_, end_, &tag);
  if (p == nullptr || tag >> 32 != 0 || tag >> 3 == 0) return false;
  field->number = static_cast<uint32_t>(tag >> 3);
  field->wire_type = static_cast<uint32_t>(tag & 7);
  p = DecodeVarint(p, end_, &field->value);
  if (p == nullptr) return false;
  if (field->wire_type == kWireLength) {
    if (field->value > static_cast<uint64_t>(end_ - p)) return false;
    field->bytes = {p, static_cast<size_t>(field->value)};
    p += field->value;
  } else if (field->wire_type != kWireVarint) {
    return false;
  }
  position_ = p;
  ok_ = true;
  return true;
}

absl::Status ParseFields(absl::string_view message, uint32_t varints, int max,
                         MessageReader::Field* fields, uint32_t* seen,
                         const DecodeContext& context) {
  MessageReader reader(message);
  MessageReader::Field field;
  while (reader.Next(&field)) {
    if (field.number > static_cast<uint32_t>(max)) {
      return context.Error(ERROR_REASON_UNKNOWN_CONTENT,
                           absl::StrCat("column has an unknown part ",
                                        field.number, ": update the reader"));
    }
    const bool varint = (varints >> field.number & 1) != 0;
    if (field.wire_type != (varint ? kWireVarint : kWireLength)) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("part ", field.number, " of the column has wire type ",
                       field.wire_type));
    }
    if ((*seen >> field.number & 1) != 0) {
      return context.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat("part ", field.number, " of the column occurs twice"));
    }
    *seen |= 1u << field.number;
    fields[field.number] = field;
  }
  if (!reader.ok()) {
    return context.Error(ERROR_REASON_MALFORMED,
                         "column is not a well-formed message");
  }
  return absl::OkStatus();
}

}  // namespace devstate
