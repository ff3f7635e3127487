// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/release_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/release/lint.h"
#include "devstate/compat/release/report.h"
#include "devstate/schema/lineage.h"

namespace devstate {
namespace {

bool IsError(const Finding& finding) {
  return finding.waived().empty() && finding.level() == VERDICT_LEVEL_REFUSED;
}

void Lint(const LoadedSchema& current, const Lineage& lineage,
          WaiverSet* waivers, ReleaseReport* report) {
  std::vector<Finding> findings = LintSchema(current, &lineage);
  waivers->Apply(&findings);
  const auto errors = std::stable_partition(
      findings.begin(), findings.end(),
      [](const Finding& finding) { return !IsError(finding); });
  if (errors == findings.end()) return;
  report->passed = false;
  findings.erase(findings.begin(), errors);
  absl::StrAppend(&report->text, RenderLint(current.model().file, findings,
                                            ReportFormat::kText));
}

void Compare(const SchemaModel& current, const SchemaModel& released,
             VerdictLevel allowed, DirectionVerdict verdict,
             ReleaseReport* report) {
  const std::string reader = absl::StrCat(
      "version ", current.version(),
      verdict.direction == Direction::kUpgrade ? " reading " : " read by ",
      "version ", released.version(), " (", released.file, ")");
  if (verdict.level <= allowed) {
    absl::StrAppend(&report->text, reader, ": ", LevelName(verdict.level),
                    "\n");
    return;
  }
  report->passed = false;
  auto& findings = verdict.findings;
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [allowed](const Finding& finding) {
                                  return !finding.waived().empty() ||
                                         finding.level() <= allowed;
                                }),
                 findings.end());
  absl::StrAppend(&report->text, reader, ": at worst ", LevelName(allowed),
                  " is allowed, but\n",
                  RenderCheck({verdict}, {}, ReportFormat::kText));
}

}  // namespace

ReleaseReport CheckRelease(const LoadedSchema& current,
                           const std::vector<LoadedSchema>& released,
                           const ReleasePolicy& policy, WaiverSet* waivers) {
  ReleaseReport report;
  std::vector<const SchemaModel*> models;
  for (const LoadedSchema& schema : released) models.push_back(&schema.model());
  const Lineage lineage(models, current.model().schema());
  Lint(current, lineage, waivers, &report);
  for (const SchemaModel* other : models) {
    for (const Direction direction :
         {Direction::kUpgrade, Direction::kDowngrade}) {
      DirectionVerdict verdict =
          CompareSchemas(*other, current.model(), direction, &lineage);
      waivers->Apply(&verdict);
      Compare(
          current.model(), *other,
          direction == Direction::kUpgrade ? policy.upgrade : policy.downgrade,
          std::move(verdict), &report);
    }
  }
  if (const absl::Status status = waivers->Check(); !status.ok()) {
    report.passed = false;
    absl::StrAppend(&report.text, std::string(status.message()), "\n");
  }
  return report;
}

}  // namespace devstate
