// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_MAN_PAGE_H_
#define DEVSTATE_CLI_MAN_PAGE_H_

#include <string>

#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

// Returns devstate(1), all verbs on one page, for man(1).
std::string ManPage(const Command& command, const std::string& version);

}  // namespace devstate

#endif  // DEVSTATE_CLI_MAN_PAGE_H_
