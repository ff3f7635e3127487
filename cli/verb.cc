// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/verb.h"

namespace devstate {

int ExitCodeOf(VerdictLevel level) {
  switch (level) {
    case DAMAGED:
      return kExitDamaged;
    case REFUSED:
      return kExitRefused;
    case CONDITIONAL:
      return kExitConditional;
    case LOSSY:
      return kExitLossy;
    default:
      return kExitOk;
  }
}

}  // namespace devstate
