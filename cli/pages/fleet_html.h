// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_FLEET_HTML_H_
#define DEVSTATE_CLI_PAGES_FLEET_HTML_H_

#include <string>

#include "devstate/fleet.pb.h"
#include "google/protobuf/repeated_field.h"

namespace devstate {

// Returns "group 1, 7000 hosts".
std::string GroupHeading(const FleetGroupReport& group);

// Returns what the hosts of a group are, and all their names.
std::string GroupFacts(const FleetGroupReport& group);

// Returns the manifests that cannot be judged; empty if there are none.
std::string UnreadableHtml(
    const google::protobuf::RepeatedPtrField<UnreadableManifest>& unreadable);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_FLEET_HTML_H_
