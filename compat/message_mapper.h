// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_MESSAGE_MAPPER_H_
#define DEVSTATE_COMPAT_MESSAGE_MAPPER_H_

#include <set>
#include <string>

#include "devstate/compat/mapping.h"
#include "devstate/compat/moves.h"
#include "devstate/compat/schema_pair.h"

namespace devstate {

// Fills `mapping`, which has its place already. Mapping explains the other
// arguments.
void MapMessage(const SchemaPair& pair, const Moves& moves,
                const std::set<std::string>& left_out, MessageMapping* mapping);

// Fills the part of `mapping` about oneofs.
void MapOneofs(MessageMapping* mapping);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_MESSAGE_MAPPER_H_
