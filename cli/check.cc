// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate check: may states of one schema be loaded with the other?

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/schema_flags.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "compat/diff.h"
#include "compat/lineage.h"
#include "compat/report.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct CheckFlags {
  SchemaFlags schema;
  std::string old_file;
  std::string new_file;
  std::string direction = "both";
  std::string lineage;
  std::vector<std::string> accept;
};

std::string PaintVerdict(absl::string_view word, VerdictLevel level) {
  const Colour colour = level >= REFUSED    ? Colour::kRed
                        : level > CONVERTED ? Colour::kYellow
                                            : Colour::kGreen;
  return Painted(word, colour, STDOUT_FILENO);
}

absl::StatusOr<int> Check(const CheckFlags& flags) {
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.schema.format));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.schema.ReadWaivers());
  DS_ASSIGN_OR_RETURN(const LoadedSchema older,
                      LoadSchema(flags.old_file, flags.schema.load));
  DS_ASSIGN_OR_RETURN(const LoadedSchema newer,
                      LoadSchema(flags.new_file, flags.schema.load));
  std::vector<LoadedSchema> released;
  std::vector<const SchemaModel*> models;
  if (!flags.lineage.empty()) {
    DS_ASSIGN_OR_RETURN(released,
                        LoadSchemas(flags.lineage, flags.schema.load));
  }
  for (const LoadedSchema& schema : released) models.push_back(&schema.model());
  const Lineage lineage(models, newer.model().schema());

  std::set<VerdictLevel> accepted;
  for (const std::string& word : flags.accept) {
    accepted.insert(word == "lossy" ? LOSSY : CONDITIONAL);
  }
  std::vector<DirectionVerdict> verdicts;
  VerdictLevel worst = IDENTICAL;
  for (const Direction direction :
       {Direction::kUpgrade, Direction::kDowngrade}) {
    if (flags.direction != "both" &&
        flags.direction != DirectionName(direction)) {
      continue;
    }
    DirectionVerdict verdict =
        CompareSchemas(older.model(), newer.model(), direction, &lineage);
    waivers.Apply(&verdict);
    worst = std::max(worst, WorstUnaccepted(verdict, accepted));
    verdicts.push_back(std::move(verdict));
  }
  std::fputs(RenderCheck(verdicts, accepted, format, PaintVerdict).c_str(),
             stdout);
  if (const absl::Status status = waivers.Check(); !status.ok()) {
    PrintError(status);
    worst = std::max(worst, REFUSED);
  }
  return ExitCodeOf(worst);
}

}  // namespace

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

void AddCheck(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* verb = app.add_subcommand(
      "check",
      "Say whether states of two schemas can be loaded with each other");
  verb->add_option("--old", flags->old_file,
                   "Older schema: a .proto file or a descriptor set")
      ->required()
      ->type_name("SCHEMA");
  verb->add_option("--new", flags->new_file, "Newer schema")
      ->required()
      ->type_name("SCHEMA");
  verb->add_option("--direction", flags->direction, "What to look at")
      ->check(CLI::IsMember({"upgrade", "downgrade", "both"}))
      ->capture_default_str();
  verb->add_option("--lineage", flags->lineage,
                   "Folder of released schemas, for what happened between the "
                   "two")
      ->type_name("DIR");
  verb->add_option("--accept", flags->accept,
                   "Verdicts that exit with 0 as well: lossy, conditional")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"lossy", "conditional"}));
  flags->schema.AddTo(verb);
  flags->schema.AddWaiversTo(verb);
  verb->footer(
      "Upgrade is the newer reading the older one's state, downgrade the "
      "reverse.\n"
      "Exit codes: 0 loads, 1 refused, 2 usage or I/O, 4 depends on the state, "
      "5 loses\nignorable data.\n"
      "Example: devstate check --old released/v1.proto --new net.proto");
  verb->callback([flags, exit_code] {
    const absl::StatusOr<int> result = Check(*flags);
    if (!result.ok()) PrintError(result.status());
    *exit_code = result.ok() ? *result : kExitUsageOrIo;
  });
}

}  // namespace devstate
