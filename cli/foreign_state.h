// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The common part of the verbs that read foreign states.

#ifndef DEVSTATE_CLI_FOREIGN_STATE_H_
#define DEVSTATE_CLI_FOREIGN_STATE_H_

#include "absl/strings/string_view.h"
#include "devstate/foreign/foreign_format.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Prints the findings on standard error, one line for each group of them.
void PrintFindings(absl::string_view file, const Verdict& verdict);

// Prints "devstate: FILE: refused [foreign-parent] inode 7 at offset 0x2c: …"
// for each group of findings, and returns the exit code: 1 if the state is
// refused.
int PrintForeignFindings(absl::string_view file, const ForeignReport& report);

}  // namespace devstate

#endif  // DEVSTATE_CLI_FOREIGN_STATE_H_
