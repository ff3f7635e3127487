// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate matrix: all released versions against all.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/schema_flags.h"
#include "cli/verb.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/release/report.h"
#include "devstate/schema/lineage.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct MatrixFlags {
  SchemaFlags schema;
  std::string folder;
};

// A version that is there twice would have two rows, of which one is wrong.
absl::Status CheckVersions(const std::vector<const SchemaModel*>& sorted) {
  for (size_t i = 1; i < sorted.size(); ++i) {
    const SchemaModel& before = *sorted[i - 1];
    const SchemaModel& model = *sorted[i];
    if (before.schema() != model.schema() ||
        before.version() != model.version()) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        model.file, " is version ", model.version(), " of ", model.schema(),
        ", as ", before.file,
        before.fingerprint == model.fingerprint
            ? " is: keep one of them"
            : " is, which differs: a released version never changes, so "
              "restore it and give the change a new version"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Matrix(const MatrixFlags& flags) {
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.schema.format));
  DS_ASSIGN_OR_RETURN(const std::vector<LoadedSchema> schemas,
                      LoadSchemas(flags.folder, flags.schema.load));
  std::vector<const SchemaModel*> models;
  for (const LoadedSchema& schema : schemas) models.push_back(&schema.model());
  DS_RETURN_IF_ERROR(CheckVersions(models));
  MatrixReport report;
  for (size_t writer = 0; writer < models.size(); ++writer) {
    const Lineage lineage(models, models[writer]->schema());
    for (size_t reader = 0; reader < models.size(); ++reader) {
      if (models[writer]->schema() != models[reader]->schema()) continue;
      const DirectionVerdict verdict =
          writer <= reader ? CompareSchemas(*models[writer], *models[reader],
                                            Direction::kUpgrade, &lineage)
                           : CompareSchemas(*models[reader], *models[writer],
                                            Direction::kDowngrade, &lineage);
      MatrixCell& cell = *report.add_cells();
      cell.set_schema(models[writer]->schema());
      cell.set_writer(models[writer]->version());
      cell.set_reader(models[reader]->version());
      cell.set_verdict(LevelName(verdict.level));
      std::set<std::string> rules;
      for (const Finding& finding : verdict.findings) {
        if (finding.level() == verdict.level) rules.insert(finding.rule());
      }
      for (const std::string& rule : rules) cell.add_rules(rule);
    }
  }
  std::fputs(RenderMatrix(report, format).c_str(), stdout);
  return kExitOk;
}

void Define(Command& verb) {
  auto flags = std::make_shared<MatrixFlags>();
  verb.AddOption("folder", &flags->folder, "Folder of released schemas")
      .Required()
      .Value("DIR");
  flags->schema.AddTo(verb);
  verb.footer =
      ExitCodesText(
          {{kExitOk},
           {kExitUsageOrIo, "usage, I/O or a version that is there twice"}}) +
      "Example: devstate matrix released/";
  verb.run = [flags] {
    const absl::StatusOr<int> result = Matrix(*flags);
    if (!result.ok()) PrintError(result.status());
    return result.ok() ? *result : kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration(
    "matrix",
    "Show which version loads whose states, for all released versions", Define);

}  // namespace
}  // namespace devstate
