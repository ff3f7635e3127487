// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_NET_BACKEND_STATE_TEXT_H_
#define DEVSTATE_EXAMPLES_NET_BACKEND_STATE_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "devstate/devices/net/net_model.h"

namespace devstate::net::examples {

// Returns everything in `model`, one line an item, so that two processes'
// states can be compared without any of the code that moved them. Absent is not
// the same as zero. Includes the hash keys, which are secrets of the guest.
std::string StateText(const NetModel& model);

absl::Status WriteStateText(const NetModel& model, const std::string& path);

}  // namespace devstate::net::examples

#endif  // DEVSTATE_EXAMPLES_NET_BACKEND_STATE_TEXT_H_
