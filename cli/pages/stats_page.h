// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_STATS_PAGE_H_
#define DEVSTATE_CLI_PAGES_STATS_PAGE_H_

#include <string>

#include "devstate/stats.pb.h"

namespace devstate {

// Returns the page on where the bytes of the state `name` go: a treemap of what
// is stored, and the numbers.
std::string StatsPage(const std::string& name, const StateStats& stats);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_STATS_PAGE_H_
