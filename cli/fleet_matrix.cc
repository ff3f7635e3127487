// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/fleet_matrix.h"

#include "absl/strings/str_cat.h"
#include "devstate/compat/release/fleet.h"
#include "devstate/compat/release/judge_manifests.h"
#include "devstate/compat/rules.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Compares the groups from `first` up to `end`, which have the same schema.
void AddTable(const Fleet& fleet, size_t first, size_t end,
              FleetMatrix* matrix) {
  MatrixTable& table = matrix->tables.emplace_back();
  table.schema = fleet.groups[first].manifest.manifest.schema();
  for (size_t from = first; from < end; ++from) {
    table.names.push_back(absl::StrCat("group ", from + 1));
    for (size_t to = first; to < end; ++to) {
      const LoadedManifest& source = fleet.groups[from].manifest;
      const LoadedManifest& destination = fleet.groups[to].manifest;
      table.cells.push_back(MakeMatrixVerdict(JudgeManifests(
          source, destination, MigrationDirection(source, destination))));
      FleetMatrixCell& cell = *matrix->report.add_cells();
      cell.set_from(static_cast<uint32_t>(from + 1));
      cell.set_to(static_cast<uint32_t>(to + 1));
      cell.set_verdict(LevelName(table.cells.back().level));
      for (const std::string& rule : RulesOf(table.cells.back())) {
        cell.add_rules(rule);
      }
    }
  }
}

}  // namespace

absl::StatusOr<FleetMatrix> CompareFleet(const std::string& folder) {
  DS_ASSIGN_OR_RETURN(const Fleet fleet, LoadFleet(folder));
  FleetMatrix matrix;
  const auto schema = [&fleet](size_t group) -> const std::string& {
    return fleet.groups[group].manifest.manifest.schema();
  };
  for (size_t i = 0; i < fleet.groups.size(); ++i) {
    *matrix.report.add_groups() =
        MakeGroupReport(fleet.groups[i], static_cast<uint32_t>(i + 1));
  }
  for (size_t first = 0; first < fleet.groups.size();) {
    size_t end = first + 1;
    while (end < fleet.groups.size() && schema(end) == schema(first)) ++end;
    AddTable(fleet, first, end, &matrix);
    first = end;
  }
  *matrix.report.mutable_unreadable() = {fleet.unreadable.begin(),
                                         fleet.unreadable.end()};
  return matrix;
}

}  // namespace devstate
