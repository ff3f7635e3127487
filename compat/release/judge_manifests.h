// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_JUDGE_MANIFESTS_H_
#define DEVSTATE_COMPAT_RELEASE_JUDGE_MANIFESTS_H_

#include "devstate/compat/finding.h"
#include "devstate/compat/release/manifest.h"

namespace devstate {

// Returns the direction of a migration from one back-end to another. The newest
// version that the first saves and the newest that the other loads decide.
// Equal ones are an upgrade.
Direction MigrationDirection(const LoadedManifest& from,
                             const LoadedManifest& to);

// Returns what happens to states that `from` saves and `to` loads, for all
// states at once. It is the best verdict of all pairs of a version that one
// saves and a version that the other loads, the newest ones if several are
// equally good. The released versions in both manifests are the lineage.
//
// `direction` is the name of the verdict. Bounded as CompareSchemas() is, for
// each of at most kMaxManifestUses^2 pairs.
DirectionVerdict JudgeManifests(const LoadedManifest& from,
                                const LoadedManifest& to, Direction direction);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_JUDGE_MANIFESTS_H_
