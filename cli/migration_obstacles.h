// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The obstacles between a back-end and its migration under QEMU. Source of the
// consequences: QEMU 10.0, run against back-ends that lack each feature.

#ifndef DEVSTATE_CLI_MIGRATION_OBSTACLES_H_
#define DEVSTATE_CLI_MIGRATION_OBSTACLES_H_

#include <vector>

#include "devstate/live.pb.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate {

// Returns the obstacles in the order in which QEMU meets them; empty if the
// back-end can migrate. Does no I/O.
std::vector<MigrationObstacle> MigrationObstacles(
    const vhost_user::BackendOffer& offer);

}  // namespace devstate

#endif  // DEVSTATE_CLI_MIGRATION_OBSTACLES_H_
