// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The exit codes of the devstate command.

#ifndef DEVSTATE_CLI_EXIT_CODES_H_
#define DEVSTATE_CLI_EXIT_CODES_H_

#include <initializer_list>
#include <string>

#include "devstate/third_party/cli11/command_line.h"
#include "devstate/verdict.pb.h"

namespace devstate {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsageOrIo = kExitUsage;
inline constexpr int kExitDamaged = 3;
// The concrete state alone can decide.
inline constexpr int kExitConditional = 4;
// The state loads without data that its writer declared ignorable.
inline constexpr int kExitLossy = 5;

struct ExitCode {
  int code;
  // The texts for the --help of a verb.
  const char* name;
  const char* meaning;
};

inline constexpr ExitCode kExitCodes[] = {
    {kExitOk, "done", "All is well: whole, accepted, compatible."},
    {kExitRefused, "refused", "Refused: by a back-end, or by a rule."},
    {kExitUsageOrIo, "usage or I/O",
     "Wrong usage, or a file or socket that cannot be used."},
    {kExitDamaged, "damaged", "The stream is damaged or no stream at all."},
    {kExitConditional, "depends on the state",
     "Only the concrete state can decide."},
    {kExitLossy, "loses ignorable data",
     "Loads without data that its writer declared ignorable."},
};

// An exit code of a verb, with its meaning there if that is more than its name.
struct VerbExit {
  int code;
  const char* text = nullptr;
};

// Returns the exit codes in the --help of a verb: "Exit codes: 0 whole, 3
// damaged.", in lines that fit a terminal.
std::string ExitCodesText(std::initializer_list<VerbExit> exits);

// Returns the exit code for the worst verdict.
int ExitCodeOf(VerdictLevel level);

}  // namespace devstate

#endif  // DEVSTATE_CLI_EXIT_CODES_H_
