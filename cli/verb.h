// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A verb of the devstate command is a file in cli/verbs, with a registration at
// its end. Nothing else names it.

#ifndef DEVSTATE_CLI_VERB_H_
#define DEVSTATE_CLI_VERB_H_

#include "cli/exit_codes.h"
#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

class VerbRegistration {
 public:
  // Registers a verb. `define` adds its options, its footer and the function
  // that it runs, whose exit code is one of exit_codes.h. Requires: static
  // storage.
  VerbRegistration(const char* name, const char* description,
                   void (*define)(Command& verb));
};

// Returns the command with all its verbs, sorted by name.
const Command& DevstateCommand();

extern const char kDevstateVersion[];

}  // namespace devstate

#endif  // DEVSTATE_CLI_VERB_H_
