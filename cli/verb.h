// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a verb of the devstate command is to main.cc.

#ifndef DEVSTATE_CLI_VERB_H_
#define DEVSTATE_CLI_VERB_H_

#include "CLI/CLI.hpp"

namespace devstate {

// Exit codes of every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsageOrIo = 2;
inline constexpr int kExitDamaged = 3;

// Each adds its verb to `app`; when the verb was given, its exit code is stored
// in `exit_code` while the command line is parsed.
void AddDemo(CLI::App& app, int* exit_code);
void AddInfo(CLI::App& app, int* exit_code);
void AddLoad(CLI::App& app, int* exit_code);
void AddMigrate(CLI::App& app, int* exit_code);
void AddSave(CLI::App& app, int* exit_code);
void AddVerify(CLI::App& app, int* exit_code);

}  // namespace devstate

#endif  // DEVSTATE_CLI_VERB_H_
