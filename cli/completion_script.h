// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_COMPLETION_SCRIPT_H_
#define DEVSTATE_CLI_COMPLETION_SCRIPT_H_

#include <string>

#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

// Return scripts that complete verbs, options and the words that options take.
// Elsewhere they complete files.
std::string BashCompletion(const Command& command);
std::string ZshCompletion(const Command& command);
std::string FishCompletion(const Command& command);

}  // namespace devstate

#endif  // DEVSTATE_CLI_COMPLETION_SCRIPT_H_
