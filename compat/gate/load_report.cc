// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/load_report.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "devstate/compat/rules.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {
namespace {

constexpr int kMaxInLine = 3;

// Text for a terminal or a log: nothing but its control characters and what is
// not UTF-8 is escaped.
std::string Printable(absl::string_view text) {
  return absl::StrReplaceAll(absl::Utf8SafeCEscape(text),
                             {{"\\'", "'"}, {"\\\"", "\""}});
}

}  // namespace

std::string VerdictLogLine(const Verdict& verdict, const StreamHeader& header,
                           const SchemaInfo& reader) {
  std::string line = LevelName(verdict.level());
  if (header.schema().empty()) {
    absl::StrAppend(&line, ": no header was read");
  } else {
    absl::StrAppend(&line, ": state of ", Printable(header.schema()),
                    " version ", header.schema_version(), " by ",
                    Printable(header.writer().name()), " ",
                    Printable(header.writer().version()));
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
    ReportFinding& out = *report.add_findings();
    out.set_rule(finding.rule());
    out.set_level(LevelName(finding.level()));
    out.set_path(finding.path());
    out.set_written(finding.written());
    out.set_read(finding.read());
    out.set_text(finding.text());
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(report, &json, options)
           .ok()) {
    // Text that is not UTF-8: the reason must not get lost with it.
    return absl::StrCat("{\"verdict\":\"", LevelName(verdict.level()), "\"}");
  }
  return json;
}

}  // namespace devstate
