// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_REDACTED_TEXT_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_REDACTED_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Returns the text that replaces a sensitive value of `field`. `size` is that
// of a string or bytes, and means nothing for others.
inline std::string RedactedText(const google::protobuf::FieldDescriptor& field,
                                size_t size) {
  if (field.cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    return "<redacted>";
  }
  return absl::StrCat("<redacted ", size, " bytes>");
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_REDACTED_TEXT_H_
