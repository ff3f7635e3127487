// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_STATE_MESSAGE_H_
#define DEVSTATE_CONFORMANCE_STATE_MESSAGE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_loader.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate::conformance {

// Returns the schema of a case. It is the descriptor set with the root message
// `root` if that is not empty, else the one that the header of `stream`
// carries. Errors of the stream have an ErrorDetail.
absl::StatusOr<LoadedSchema> SchemaFor(absl::string_view stream,
                                       absl::string_view descriptor_set,
                                       const std::string& root);

// Reads a whole stream into the root message, records in their repeated fields.
// The message lives no longer than `factory`.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ReadStateMessage(
    absl::string_view stream, const LoadedSchema& schema,
    google::protobuf::DynamicMessageFactory& factory);

// Writes such a message as a stream, with default options and the schema.
absl::StatusOr<std::string> WriteStateMessage(
    const google::protobuf::Message& state, const LoadedSchema& schema);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_STATE_MESSAGE_H_
