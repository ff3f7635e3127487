// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_DIFF_PAGE_H_
#define DEVSTATE_CLI_PAGES_DIFF_PAGE_H_

#include <string>

#include "devstate/diff.pb.h"

namespace devstate {

// Returns the page on what differs between the states `a` and `b`.
std::string DiffPage(const std::string& a, const std::string& b,
                     const DiffReport& report);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_DIFF_PAGE_H_
