// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/report_finding.h"

#include "devstate/compat/rules.h"

namespace devstate {

ReportFinding MakeReportFinding(const Finding& finding) {
  ReportFinding entry;
  entry.set_rule(finding.rule());
  entry.set_level(LevelName(finding.level()));
  entry.set_path(finding.path());
  entry.set_written(finding.written());
  entry.set_read(finding.read());
  entry.set_text(finding.text());
  return entry;
}

}  // namespace devstate
