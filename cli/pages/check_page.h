// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_CHECK_PAGE_H_
#define DEVSTATE_CLI_PAGES_CHECK_PAGE_H_

#include <string>

#include "devstate/fleet.pb.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Returns the page of a check. `subject` is text, what was checked.
std::string CheckPage(const std::string& subject, const CheckReport& report);

// Returns the page of a check with the manifests of many hosts.
std::string FleetCheckPage(const std::string& subject,
                           const FleetCheckReport& report);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_CHECK_PAGE_H_
