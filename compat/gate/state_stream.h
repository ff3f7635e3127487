// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STATE_STREAM_H_
#define DEVSTATE_COMPAT_GATE_STATE_STREAM_H_

#include <string>

#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_loader.h"
#include "google/protobuf/message.h"

namespace devstate {
namespace testing {

// Returns the state as a stream. `info` is the schema's, from SchemaFacts.
std::string WriteStream(const LoadedSchema& schema, const SchemaInfo& info,
                        const google::protobuf::Message& root);

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_STATE_STREAM_H_
