// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate lint: is a schema fit for release?

#include "devstate/compat/release/lint.h"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/schema_flags.h"
#include "cli/verb.h"
#include "devstate/compat/release/report.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/lineage.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct LintFlags {
  SchemaFlags schema;
  std::string file;
  std::string against;
};

absl::StatusOr<int> Lint(const LintFlags& flags) {
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.schema.format));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.schema.ReadWaivers());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      LoadSchema(flags.file, flags.schema.load));
  std::vector<LoadedSchema> released;
  std::vector<const SchemaModel*> models;
  if (!flags.against.empty()) {
    absl::StatusOr<std::vector<LoadedSchema>> found =
        LoadSchemas(flags.against, flags.schema.load);
    // Nothing is there before the first release.
    if (!found.ok() && !absl::IsFailedPrecondition(found.status())) {
      return found.status();
    }
    if (found.ok()) released = *std::move(found);
  }
  for (const LoadedSchema& other : released) models.push_back(&other.model());
  const Lineage lineage(models, schema.model().schema());
  std::vector<Finding> findings = LintSchema(schema, &lineage);
  waivers.Apply(&findings);
  std::fputs(RenderLint(flags.file, findings, format).c_str(), stdout);
  int exit_code = kExitOk;
  for (const Finding& finding : findings) {
    if (finding.waived().empty() && finding.level() == VERDICT_LEVEL_REFUSED) {
      exit_code = kExitRefused;
    }
  }
  if (const absl::Status status = waivers.Check(); !status.ok()) {
    PrintError(status);
    exit_code = kExitRefused;
  }
  return exit_code;
}

void Define(Command& verb) {
  auto flags = std::make_shared<LintFlags>();
  verb.AddOption("schema", &flags->file, "A .proto file or a descriptor set")
      .Required()
      .Value("SCHEMA");
  verb.AddOption("--against", &flags->against,
                 "Folder of released schemas; an empty one before the first "
                 "release")
      .Value("DIR");
  flags->schema.AddTo(verb);
  flags->schema.AddWaiversTo(verb);
  verb.footer = ExitCodesText({{kExitOk, "yes, be it with warnings"},
                               {kExitRefused, "no"},
                               {kExitUsageOrIo}}) +
                "Example: devstate lint net.proto --against released/";
  verb.run = [flags] {
    const absl::StatusOr<int> result = Lint(*flags);
    if (!result.ok()) PrintError(result.status());
    return result.ok() ? *result : kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration("lint",
                                     "Say whether a schema is fit for release",
                                     Define);

}  // namespace
}  // namespace devstate
