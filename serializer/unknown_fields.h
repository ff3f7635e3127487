// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_UNKNOWN_FIELDS_H_
#define DEVSTATE_SERIALIZER_UNKNOWN_FIELDS_H_

#include <string>

#include "google/protobuf/message.h"

namespace devstate {

// The path of a field of `message` or of a message in it that the schema does
// not have, or empty. A field with another wire type than the schema's and an
// enum with a value that the schema does not name are among them.
std::string FindUnknownField(const google::protobuf::Message& message);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_UNKNOWN_FIELDS_H_
