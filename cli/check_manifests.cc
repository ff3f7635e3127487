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

MigrationVerdicts JudgeMigration(const LoadedManifest& from,
                                 const LoadedManifest& to,
                                 const std::string& wanted) {
  const Direction there = MigrationDirection(from, to);
  const Direction back = there == Direction::kUpgrade ? Direction::kDowngrade
                                                      : Direction::kUpgrade;
  MigrationVerdicts verdicts;
  if (IsWanted(wanted, there, /*migration=*/true)) {
    verdicts.there = JudgeManifests(from, to, there);
  }
  if (IsWanted(wanted, back, /*migration=*/false)) {
    verdicts.back = JudgeManifests(to, from, back);
  }
  return verdicts;
}

absl::StatusOr<int> CheckManifests(const CheckFlags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedManifest from, LoadManifest(flags.from));
  DS_ASSIGN_OR_RETURN(const LoadedManifest to, LoadManifest(flags.to));
  MigrationVerdicts judged = JudgeMigration(from, to, flags.direction);
  std::vector<DirectionVerdict> verdicts;
  for (auto* verdict : {&judged.there, &judged.back}) {
    if (verdict->has_value()) verdicts.push_back(*std::move(*verdict));
  }
  return ReportVerdicts(flags, std::move(verdicts));
}

}  // namespace devstate
