// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_fleet.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/check_manifests.h"
#include "cli/exit_codes.h"
#include "cli/fleet_text.h"
#include "cli/pages/check_page.h"
#include "devstate/compat/release/fleet.h"
#include "devstate/compat/release/report.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// A group and what was found of it.
struct Judged {
  const FleetGroup* group;
  MigrationVerdicts verdicts;
  // The worst that is not accepted.
  VerdictLevel worst = VERDICT_LEVEL_IDENTICAL;
};

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

std::vector<Judged> JudgeGroups(const Fleet& fleet, const LoadedManifest& one,
                                const CheckFlags& flags,
                                const std::set<VerdictLevel>& accepted,
                                WaiverSet* waivers) {
  std::vector<Judged> judged;
  const bool to_hosts = IsFolder(flags.to);
  for (const FleetGroup& group : fleet.groups) {
    Judged entry{&group,
                 to_hosts
                     ? JudgeMigration(one, group.manifest, flags.direction)
                     : JudgeMigration(group.manifest, one, flags.direction)};
    for (auto* verdict : {&entry.verdicts.there, &entry.verdicts.back}) {
      if (!verdict->has_value()) continue;
      waivers->Apply(&**verdict);
      entry.worst = std::max(entry.worst, WorstUnaccepted(**verdict, accepted));
    }
    judged.push_back(std::move(entry));
  }
  std::stable_sort(judged.begin(), judged.end(),
                   [](const Judged& a, const Judged& b) {
                     return std::make_tuple(a.worst, ~a.group->hosts.size()) <
                            std::make_tuple(b.worst, ~b.group->hosts.size());
                   });
  return judged;
}

FleetCheckReport ReportOf(const Fleet& fleet, const std::vector<Judged>& judged,
                          const std::set<VerdictLevel>& accepted) {
  FleetCheckReport report;
  for (const Judged& entry : judged) {
    FleetCheck& check = *report.add_groups();
    *check.mutable_group() = MakeGroupReport(
        *entry.group, static_cast<uint32_t>(report.groups_size()));
    const auto hosts = static_cast<uint32_t>(entry.group->hosts.size());
    report.set_hosts(report.hosts() + hosts);
    if (entry.worst == VERDICT_LEVEL_IDENTICAL) {
      report.set_accepted(report.accepted() + hosts);
    }
    const auto add = [&](const DirectionVerdict& verdict) {
      *check.add_directions() = MakeDirectionReport(verdict);
      return WorstUnaccepted(verdict, accepted) == VERDICT_LEVEL_IDENTICAL;
    };
    const MigrationVerdicts& verdicts = entry.verdicts;
    if (verdicts.there) check.set_migrates(add(*verdicts.there));
    if (verdicts.back) check.set_comes_back(add(*verdicts.back));
  }
  *report.mutable_unreadable() = {fleet.unreadable.begin(),
                                  fleet.unreadable.end()};
  report.set_other_devices(fleet.other_devices);
  return report;
}

std::string TextOf(const FleetCheckReport& report,
                   const std::vector<Judged>& judged,
                   const std::set<VerdictLevel>& accepted) {
  std::string text =
      absl::StrCat(report.hosts(), " hosts in ", report.groups_size(),
                   " groups: ", report.accepted(), " accepted, ",
                   report.hosts() - report.accepted(), " not\n");
  for (size_t i = 0; i < judged.size(); ++i) {
    const MigrationVerdicts& verdicts = judged[i].verdicts;
    absl::StrAppend(&text,
                    GroupText(report.groups(static_cast<int>(i)).group()));
    for (const auto* verdict : {&verdicts.there, &verdicts.back}) {
      if (!verdict->has_value()) continue;
      std::string found =
          RenderCheck({**verdict}, accepted, ReportFormat::kText, PaintVerdict);
      found.pop_back();
      absl::StrAppend(&text, "  ",
                      verdict == &verdicts.there ? "migration" : "way back",
                      ", ", absl::StrReplaceAll(found, {{"\n", "\n  "}}), "\n");
    }
  }
  if (report.other_devices() != 0) {
    absl::StrAppend(&text, report.other_devices(), " of other devices\n");
  }
  return absl::StrCat(text, UnreadableText(report.unreadable()));
}

// The worst level of the `need` best hosts, or of all. Nothing is known of a
// host whose manifest cannot be read, so it does not count towards those that
// are needed, and is refused where all are.
VerdictLevel WorstNeeded(const std::vector<Judged>& judged,
                         const FleetCheckReport& report, uint32_t need) {
  if (report.hosts() == 0 || report.hosts() < need) {
    return VERDICT_LEVEL_REFUSED;
  }
  if (need == 0 && report.unreadable_size() != 0) return VERDICT_LEVEL_REFUSED;
  size_t seen = 0;
  for (const Judged& entry : judged) {
    seen += entry.group->hosts.size();
    if (need != 0 && seen >= need) return entry.worst;
  }
  return judged.back().worst;
}

}  // namespace

bool IsFleet(const CheckFlags& flags) {
  return IsFolder(flags.from) || IsFolder(flags.to);
}

absl::StatusOr<int> CheckFleet(const CheckFlags& flags) {
  const bool to_hosts = IsFolder(flags.to);
  if (to_hosts && IsFolder(flags.from)) {
    return absl::InvalidArgumentError(
        "check: --from and --to are both folders: devstate matrix --manifests "
        "compares hosts with each other");
  }
  if (flags.schema.format == "junit") {
    return absl::InvalidArgumentError(
        "check: --format junit is for one verdict: take json for a folder of "
        "manifests");
  }
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.schema.ReadWaivers());
  DS_ASSIGN_OR_RETURN(const LoadedManifest one,
                      LoadManifest(to_hosts ? flags.from : flags.to));
  DS_ASSIGN_OR_RETURN(
      const Fleet fleet,
      LoadFleet(to_hosts ? flags.to : flags.from, one.manifest.device()));
  const std::set<VerdictLevel> accepted = AcceptedLevels(flags);
  const std::vector<Judged> judged =
      JudgeGroups(fleet, one, flags, accepted, &waivers);
  const FleetCheckReport report = ReportOf(fleet, judged, accepted);
  const std::string& format = flags.schema.format;
  std::fputs((format == "json"   ? ReportJson(report)
              : format == "html" ? FleetCheckPage(SubjectOf(flags), report)
                                 : TextOf(report, judged, accepted))
                 .c_str(),
             stdout);
  VerdictLevel worst = WorstNeeded(judged, report, flags.need);
  if (const absl::Status status = waivers.Check(); !status.ok()) {
    PrintError(status);
    worst = std::max(worst, VERDICT_LEVEL_REFUSED);
  }
  return ExitCodeOf(worst);
}

}  // namespace devstate
