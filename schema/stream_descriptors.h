// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_STREAM_DESCRIPTORS_H_
#define DEVSTATE_SCHEMA_STREAM_DESCRIPTORS_H_

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Returns the descriptor of a message of proto/devstate/stream.proto, such as
// "StreamHeader". Programs that read streams have these messages as plain
// structs (serializer/stream_messages.h), without descriptors.
//
// Requires: the file has the message.
const google::protobuf::Descriptor* StreamMessage(absl::string_view name);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_STREAM_DESCRIPTORS_H_
