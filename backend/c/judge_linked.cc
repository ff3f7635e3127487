// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The judge of programs and static libraries, which have it linked.

#include "devstate/backend/c/judge.h"

namespace devstate::c {

absl::StatusOr<const JudgeFunctions*> FindJudge() { return &LinkedJudge(); }

}  // namespace devstate::c
