// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a verb of the devstate command is to main.cc.

#ifndef DEVSTATE_CLI_VERB_H_
#define DEVSTATE_CLI_VERB_H_

#include "CLI/CLI.hpp"
#include "devstate/verdict.pb.h"

namespace devstate {

// Exit codes of every verb; their meanings are in kExitCodes below.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;
inline constexpr int kExitUsageOrIo = 2;
inline constexpr int kExitDamaged = 3;
// Only the concrete state can decide.
inline constexpr int kExitConditional = 4;
// Loads without data that its writer declared ignorable.
inline constexpr int kExitLossy = 5;

struct ExitCode {
  int code;
  const char* meaning;
};

inline constexpr ExitCode kExitCodes[] = {
    {kExitOk, "All is well: whole, accepted, compatible."},
    {kExitRefused, "Refused: by a back-end, or by a rule."},
    {kExitUsageOrIo, "Wrong usage, or a file or socket that cannot be used."},
    {kExitDamaged, "The stream is damaged or no stream at all."},
    {kExitConditional, "Only the concrete state can decide."},
    {kExitLossy, "Loads without data that its writer declared ignorable."},
};

// The exit code for the worst verdict.
int ExitCodeOf(VerdictLevel level);

// Each adds its verb to `app`; when the verb was given, its exit code is stored
// in `exit_code` while the command line is parsed.
void AddCheck(CLI::App& app, int* exit_code);
void AddCompletion(CLI::App& app, int* exit_code);
void AddConformance(CLI::App& app, int* exit_code);
void AddDecode(CLI::App& app, int* exit_code);
void AddConvert(CLI::App& app, int* exit_code);
void AddDemo(CLI::App& app, int* exit_code);
void AddDiff(CLI::App& app, int* exit_code);
void AddDump(CLI::App& app, int* exit_code);
void AddEncode(CLI::App& app, int* exit_code);
void AddExplain(CLI::App& app, int* exit_code);
void AddInfo(CLI::App& app, int* exit_code);
void AddLint(CLI::App& app, int* exit_code);
void AddLoad(CLI::App& app, int* exit_code);
void AddMan(CLI::App& app, int* exit_code);
void AddMatrix(CLI::App& app, int* exit_code);
void AddMigrate(CLI::App& app, int* exit_code);
void AddQemu(CLI::App& app, int* exit_code);
void AddProbe(CLI::App& app, int* exit_code);
void AddSave(CLI::App& app, int* exit_code);
void AddStats(CLI::App& app, int* exit_code);
void AddVerify(CLI::App& app, int* exit_code);

}  // namespace devstate

#endif  // DEVSTATE_CLI_VERB_H_
