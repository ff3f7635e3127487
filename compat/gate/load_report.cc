// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/load_report.h"

#include "absl/strings/str_cat.h"
#include "devstate/compat/json_text.h"
#include "devstate/compat/load_line.h"
#include "devstate/compat/report_finding.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/name_text.h"

namespace devstate {
namespace {

constexpr int kMaxInLine = 3;

}  // namespace

std::string VerdictLogLine(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader) {
  std::string line = LoadLine(LevelName(verdict.level()), header, reader);
  int shown = 0;
  int hidden = 0;
  for (const Finding& finding : verdict.findings()) {
    // What does not make the verdict is in the report.
    if (finding.level() < verdict.level() ||
        finding.level() <= VERDICT_LEVEL_COMPATIBLE) {
      continue;
    }
    if (shown == kMaxInLine) {
      ++hidden;
      continue;
    }
    absl::StrAppend(&line, shown == 0 ? ": " : "; ", "[", finding.rule(), "] ");
    if (!finding.path().empty()) {
      absl::StrAppend(&line, PrintableText(finding.path()), ": ");
    }
    absl::StrAppend(&line, PrintableText(finding.text()));
    ++shown;
  }
  if (hidden > 0) absl::StrAppend(&line, "; and ", hidden, " more");
  return line;
}

std::string LoadReportJson(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader) {
  LoadReport report;
  report.set_verdict(LevelName(verdict.level()));
  report.set_schema(header.schema);
  report.mutable_writer()->set_name(header.writer.name);
  report.mutable_writer()->set_version(header.writer.version);
  report.set_writer_version(header.schema_version);
  report.set_reader_version(reader.version);
  for (const Finding& finding : verdict.findings()) {
    *report.add_findings() = MakeReportFinding(finding);
  }
  JsonStyle style;
  style.all_fields = true;
  const absl::StatusOr<std::string> json = JsonText(report, style);
  if (json.ok()) return *json;
  // Text that is not UTF-8: the reason must not get lost with it.
  return absl::StrCat("{\"verdict\":\"", LevelName(verdict.level()), "\"}");
}

}  // namespace devstate
