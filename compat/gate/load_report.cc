// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/load_report.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "devstate/compat/json_text.h"
#include "devstate/compat/report_finding.h"
#include "devstate/compat/rules.h"

namespace devstate {
namespace {

constexpr int kMaxInLine = 3;

// Text for a terminal or a log: nothing but its control characters and what is
// not UTF-8 is escaped. A text that quotes bytes has escaped them itself.
std::string Printable(absl::string_view text) {
  return absl::StrReplaceAll(absl::Utf8SafeCEscape(text),
                             {{"\\'", "'"}, {"\\\"", "\""}, {"\\\\", "\\"}});
}

}  // namespace

std::string VerdictLogLine(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader) {
  std::string line = LevelName(verdict.level());
  if (header.schema().empty()) {
    absl::StrAppend(&line, ": no header was read");
  } else {
    absl::StrAppend(&line, ": state of ", Printable(header.schema()),
                    " version ", header.schema_version());
    if (!header.writer().name().empty()) {
      absl::StrAppend(&line, " by ", Printable(header.writer().name()), " ",
                      Printable(header.writer().version()));
    }
  }
  absl::StrAppend(&line, ", reader has version ", reader.version);
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
      absl::StrAppend(&line, Printable(finding.path()), ": ");
    }
    absl::StrAppend(&line, Printable(finding.text()));
    ++shown;
  }
  if (hidden > 0) absl::StrAppend(&line, "; and ", hidden, " more");
  return line;
}

std::string LoadReportJson(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader) {
  LoadReport report;
  report.set_verdict(LevelName(verdict.level()));
  report.set_schema(header.schema());
  *report.mutable_writer() = header.writer();
  report.set_writer_version(header.schema_version());
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
