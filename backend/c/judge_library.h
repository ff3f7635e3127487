// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// How libdevstate_c finds the judge in a library of its own.

#ifndef DEVSTATE_BACKEND_C_JUDGE_LIBRARY_H_
#define DEVSTATE_BACKEND_C_JUDGE_LIBRARY_H_

#include "devstate/backend/c/judge.h"

namespace devstate::c {

inline constexpr char kJudgeLibrary[] = "libdevstate_judge.so.0";
// The only symbol of the library.
inline constexpr char kJudgeSymbol[] = "devstate_judge";
// The release, which both libraries must be of.
inline constexpr char kJudgeRelease[] = DEVSTATE_VERSION;

// Returns the functions, or null for another `release`.
using JudgeEntry = const JudgeFunctions*(const char* release);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_JUDGE_LIBRARY_H_
