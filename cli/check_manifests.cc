// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_manifests.h"

#include <utility>
#include <vector>

#include "devstate/compat/release/judge_manifests.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Whether --direction asks for a verdict of this direction that is the
// migration's or the way back's.
bool IsWanted(const std::string& wanted, Direction direction, bool migration) {
  return wanted == "both" || wanted == DirectionName(direction) ||
         wanted == (migration ? "migration" : "rollback");
}

}  // namespace

absl::StatusOr<int> CheckManifests(const CheckFlags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedManifest from, LoadManifest(flags.from));
  DS_ASSIGN_OR_RETURN(const LoadedManifest to, LoadManifest(flags.to));
  const Direction there = MigrationDirection(from, to);
  const Direction back = there == Direction::kUpgrade ? Direction::kDowngrade
                                                      : Direction::kUpgrade;
  std::vector<DirectionVerdict> verdicts;
  if (IsWanted(flags.direction, there, /*migration=*/true)) {
    verdicts.push_back(JudgeManifests(from, to, there));
  }
  if (IsWanted(flags.direction, back, /*migration=*/false)) {
    verdicts.push_back(JudgeManifests(to, from, back));
  }
  return ReportVerdicts(flags, std::move(verdicts));
}

}  // namespace devstate
