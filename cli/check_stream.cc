// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_stream.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "compat/finding.h"
#include "compat/gate/schema_archive.h"
#include "compat/gate/stream_gate.h"
#include "compat/report.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The verdict on a stream in the form of one on two schemas.
DirectionVerdict ToDirection(const Verdict& verdict, bool upgrade) {
  DirectionVerdict result{
      upgrade ? Direction::kUpgrade : Direction::kDowngrade,
      verdict.level(),
      {}};
  for (const Finding& finding : verdict.findings()) {
    // "old" and "new" are by age there, the writer's and the reader's here.
    result.findings.push_back({finding.rule(), finding.level(), finding.path(),
                               upgrade ? finding.old() : finding.new_(),
                               upgrade ? finding.new_() : finding.old(),
                               finding.text(), "", ""});
  }
  return result;
}

absl::StatusOr<SchemaArchive> ReadArchive(const std::string& folder,
                                          const SchemaLoadOptions& options) {
  SchemaArchive archive;
  if (folder.empty()) return archive;
  DS_ASSIGN_OR_RETURN(std::vector<LoadedSchema> schemas,
                      LoadSchemas(folder, options));
  for (LoadedSchema& schema : schemas) {
    DS_RETURN_IF_ERROR(archive.Add(std::move(schema)));
  }
  return archive;
}

}  // namespace

absl::StatusOr<VerdictLevel> CheckStreamWithReader(
    ByteSource& stream, const std::string& reader, const std::string& lineage,
    const SchemaFlags& flags, const std::set<VerdictLevel>& accepted) {
  DS_ASSIGN_OR_RETURN(const ReportFormat format,
                      ParseReportFormat(flags.format));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers, flags.ReadWaivers());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      LoadSchema(reader, flags.load));
  DS_ASSIGN_OR_RETURN(const SchemaArchive archive,
                      ReadArchive(lineage, flags.load));
  GateOptions options;
  options.archive = &archive;
  bool upgrade = false;
  const Verdict verdict = CheckStream(
      &stream, {&schema.root(), &schema.model()}, options, &upgrade);
  DirectionVerdict direction = ToDirection(verdict, upgrade);
  waivers.Apply(&direction);
  std::fputs(RenderCheck({direction}, accepted, format).c_str(), stdout);
  DS_RETURN_IF_ERROR(waivers.Check());
  return WorstUnaccepted(direction, accepted);
}

}  // namespace devstate
