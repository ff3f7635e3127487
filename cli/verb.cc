// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/verb.h"

namespace devstate {

int ExitCodeOf(VerdictLevel level) {
  switch (level) {
    case VERDICT_LEVEL_DAMAGED:
      return kExitDamaged;
    case VERDICT_LEVEL_REFUSED:
      return kExitRefused;
    case VERDICT_LEVEL_CONDITIONAL:
      return kExitConditional;
    case VERDICT_LEVEL_LOSSY:
      return kExitLossy;
    default:
      return kExitOk;
  }
}

}  // namespace devstate
