// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_
#define DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_

#include <memory>
#include <random>
#include <string>

#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_loader.h"
#include "google/protobuf/message.h"

namespace devstate {
namespace testing {

// Fills `message`, an empty root of `schema`, with what its annotations allow.
// Values at the edges of types and bounds come more often than others.
void FillRandomly(const LoadedSchema& schema, std::mt19937* random,
                  google::protobuf::Message* message);

// Returns the state as a stream. `info` is the schema's, from SchemaFacts.
std::string WriteStream(const LoadedSchema& schema, const SchemaInfo& info,
                        const google::protobuf::Message& root);

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_
