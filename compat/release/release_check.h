// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_RELEASE_CHECK_H_
#define DEVSTATE_COMPAT_RELEASE_RELEASE_CHECK_H_

#include <string>
#include <vector>

#include "devstate/compat/release/waivers.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// The worst verdicts that a release may have.
struct ReleasePolicy {
  // The worst verdict on its reading of released states. Default: CONVERTED.
  VerdictLevel upgrade = VERDICT_LEVEL_CONVERTED;
  // The worst verdict on released readers of its states. Default: CONDITIONAL.
  VerdictLevel downgrade = VERDICT_LEVEL_CONDITIONAL;
};

struct ReleaseReport {
  bool passed = true;
  // The list of what was checked and of each finding that fails it, with the
  // remedy.
  std::string text;
};

// Returns whether `current` is fit for release after `released`. It is if it
// has no error of lint, and no verdict with a released version is worse than
// `policy` allows. Waivers that match nothing or have expired fail it as well.
ReleaseReport CheckRelease(const LoadedSchema& current,
                           const std::vector<LoadedSchema>& released,
                           const ReleasePolicy& policy, WaiverSet* waivers);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_RELEASE_CHECK_H_
