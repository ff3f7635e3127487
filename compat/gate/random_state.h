// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_
#define DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_

#include <random>

#include "devstate/schema/schema_model.h"
#include "google/protobuf/message.h"

namespace devstate {

// Fills `message`, an empty root of `schema`, with what its annotations allow.
// Values at the edges of types and bounds come more often than others.
void FillRandomly(const SchemaModel& schema, std::mt19937* random,
                  google::protobuf::Message* message);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_RANDOM_STATE_H_
