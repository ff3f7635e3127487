// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The parts that the reports on a fleet have in common.

#ifndef DEVSTATE_CLI_FLEET_TEXT_H_
#define DEVSTATE_CLI_FLEET_TEXT_H_

#include <string>

#include "devstate/fleet.pb.h"
#include "google/protobuf/repeated_field.h"

namespace devstate {

// Returns implementations, schema and versions of a group, in one line without
// its end.
std::string GroupFactsText(const FleetGroupReport& group);

// Returns the lines that say what the hosts of a group are. At most three hosts
// are named.
std::string GroupText(const FleetGroupReport& group);

// Returns a line for each manifest.
std::string UnreadableText(
    const google::protobuf::RepeatedPtrField<UnreadableManifest>& unreadable);

}  // namespace devstate

#endif  // DEVSTATE_CLI_FLEET_TEXT_H_
