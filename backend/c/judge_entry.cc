// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The entry of libdevstate_judge.

#include <cstring>

#include "devstate/backend/c/judge_library.h"

extern "C" __attribute__((visibility("default")))
devstate::c::JudgeEntry devstate_judge;

const devstate::c::JudgeFunctions* devstate_judge(const char* release) {
  return std::strcmp(release, devstate::c::kJudgeRelease) == 0
             ? &devstate::c::LinkedJudge()
             : nullptr;
}
