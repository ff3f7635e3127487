// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate matrix: all released versions against all, or all hosts.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/fleet_matrix.h"
#include "cli/fleet_text.h"
#include "cli/pages/matrix_page.h"
#include "cli/schema_flags.h"
#include "cli/verb.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/release/report.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/schema/lineage.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct MatrixFlags {
  SchemaFlags schema;
  std::string folder;
  std::string manifests;
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

// A table for each schema.
std::vector<MatrixTable> TablesOf(
    const std::vector<const SchemaModel*>& sorted) {
  std::vector<MatrixTable> tables;
  for (const SchemaModel* writer : sorted) {
    const std::string& schema = writer->schema();
    if (tables.empty() || tables.back().schema != schema) {
      tables.push_back({schema, {}, {}});
    }
    tables.back().names.push_back(absl::StrCat("v", writer->version()));
    const Lineage lineage(sorted, schema);
    for (const SchemaModel* reader : lineage.schemas()) {
      tables.back().cells.push_back(MakeMatrixVerdict(
          writer->version() <= reader->version()
              ? CompareSchemas(*writer, *reader, Direction::kUpgrade, &lineage)
              : CompareSchemas(*reader, *writer, Direction::kDowngrade,
                               &lineage)));
    }
  }
  return tables;
}

MatrixReport ReportOf(const std::vector<MatrixTable>& tables,
                      const std::vector<const SchemaModel*>& sorted) {
  MatrixReport report;
  for (const MatrixTable& table : tables) {
    const Lineage lineage(sorted, table.schema);
    const std::vector<const SchemaModel*>& models = lineage.schemas();
    for (size_t writer = 0; writer < models.size(); ++writer) {
      for (size_t reader = 0; reader < models.size(); ++reader) {
        const MatrixVerdict& verdict = table.Cell(writer, reader);
        MatrixCell& cell = *report.add_cells();
        cell.set_schema(table.schema);
        cell.set_writer(models[writer]->version());
        cell.set_reader(models[reader]->version());
        cell.set_verdict(LevelName(verdict.level));
        for (const std::string& rule : RulesOf(verdict)) cell.add_rules(rule);
      }
    }
  }
  return report;
}

// In the forms of --format that are no JSON. `fleet` is null if the rows are
// versions.
absl::StatusOr<std::string> Render(const std::string& format,
                                   const std::vector<MatrixTable>& tables,
                                   const FleetMatrixReport* fleet) {
  if (format == "html") return MatrixPage(tables, fleet);
  if (format == "markdown") return MatrixMarkdown(tables, fleet);
  if (format == "svg") return MatrixSvg(tables);
  DS_ASSIGN_OR_RETURN(const ReportFormat form, ParseReportFormat(format));
  std::string text = RenderMatrix(tables, form);
  if (fleet == nullptr || form != ReportFormat::kText) return text;
  std::string groups;
  for (const FleetGroupReport& group : fleet->groups()) {
    absl::StrAppend(&groups, GroupText(group));
  }
  return absl::StrCat(groups, text, UnreadableText(fleet->unreadable()));
}

absl::StatusOr<std::string> MatrixOfVersions(const MatrixFlags& flags) {
  DS_ASSIGN_OR_RETURN(const std::vector<LoadedSchema> schemas,
                      LoadSchemas(flags.folder, flags.schema.load));
  std::vector<const SchemaModel*> models;
  for (const LoadedSchema& schema : schemas) models.push_back(&schema.model());
  DS_RETURN_IF_ERROR(CheckVersions(models));
  const std::vector<MatrixTable> tables = TablesOf(models);
  if (flags.schema.format == "json") {
    return ReportJson(ReportOf(tables, models));
  }
  return Render(flags.schema.format, tables, nullptr);
}

absl::StatusOr<std::string> MatrixOfHosts(const MatrixFlags& flags) {
  DS_ASSIGN_OR_RETURN(const FleetMatrix matrix, CompareFleet(flags.manifests));
  if (flags.schema.format == "json") return ReportJson(matrix.report);
  return Render(flags.schema.format, matrix.tables, &matrix.report);
}

absl::StatusOr<int> Matrix(const MatrixFlags& flags) {
  if (flags.folder.empty() == flags.manifests.empty()) {
    return absl::InvalidArgumentError(
        "matrix: give a folder of released schemas, or one of hosts' manifests "
        "with --manifests");
  }
  DS_ASSIGN_OR_RETURN(const std::string text, flags.manifests.empty()
                                                  ? MatrixOfVersions(flags)
                                                  : MatrixOfHosts(flags));
  std::fputs(text.c_str(), stdout);
  return kExitOk;
}

void Define(Command& verb) {
  auto flags = std::make_shared<MatrixFlags>();
  verb.AddOption("folder", &flags->folder, "Folder of released schemas")
      .Value("DIR");
  verb.AddOption("--manifests", &flags->manifests,
                 "Folder with the manifests of many hosts, which are compared "
                 "by group instead")
      .Value("DIR");
  flags->schema.AddTo(verb, {"html", "svg", "markdown"});
  verb.footer =
      ExitCodesText(
          {{kExitOk},
           {kExitUsageOrIo, "usage, I/O or a version that is there twice"}}) +
      "Example: devstate matrix released/\n"
      "Example: devstate matrix --manifests hosts/";
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
