// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state as one message of its root's type, records included: from protobuf's
// formats to a stream.

#ifndef DEVSTATE_CLI_STATE_MESSAGE_H_
#define DEVSTATE_CLI_STATE_MESSAGE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "google/protobuf/message.h"

namespace devstate {

// Parses `bytes` into `state`, an empty root message. INVALID_ARGUMENT, in one
// line, also for a message of which a parser would lose something.
absl::Status ParseState(const std::string& bytes, StateFormat format,
                        google::protobuf::Message* state);

using VisitRecord =
    std::function<absl::Status(const google::protobuf::Message&)>;

// Calls its argument with each record of a table.
using VisitTable =
    std::function<absl::Status(const FieldModel& table, const VisitRecord&)>;

// Writes all of `state`, a root of `schema`, out of which it takes the singular
// fields. The records of each table are those that `state` has, and then those
// of `more`, which may be null.
absl::Status WriteState(const SchemaModel& schema,
                        google::protobuf::Message* state,
                        const VisitTable& more, DynamicStateWriter& writer);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_MESSAGE_H_
