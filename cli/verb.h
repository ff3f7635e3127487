// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a verb of the devstate command is to main.cc.

#ifndef DEVSTATE_CLI_VERB_H_
#define DEVSTATE_CLI_VERB_H_

#include "CLI/CLI.hpp"
#include "devstate/verdict.pb.h"

namespace devstate {

// Exit codes of every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsageOrIo = 2;
inline constexpr int kExitDamaged = 3;
// Only the concrete state can decide.
inline constexpr int kExitConditional = 4;
// Loads without data that its writer declared ignorable.
inline constexpr int kExitLossy = 5;

// The exit code for the worst verdict.
int ExitCodeOf(VerdictLevel level);

// Each adds its verb to `app`; when the verb was given, its exit code is stored
// in `exit_code` while the command line is parsed.
void AddCheck(CLI::App& app, int* exit_code);
void AddDemo(CLI::App& app, int* exit_code);
void AddExplain(CLI::App& app, int* exit_code);
void AddInfo(CLI::App& app, int* exit_code);
void AddLint(CLI::App& app, int* exit_code);
void AddLoad(CLI::App& app, int* exit_code);
void AddMatrix(CLI::App& app, int* exit_code);
void AddMigrate(CLI::App& app, int* exit_code);
void AddQemu(CLI::App& app, int* exit_code);
void AddSave(CLI::App& app, int* exit_code);
void AddVerify(CLI::App& app, int* exit_code);

}  // namespace devstate

#endif  // DEVSTATE_CLI_VERB_H_
