// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_REPORT_H_
#define DEVSTATE_COMPAT_RELEASE_REPORT_H_

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/rules.h"
#include "devstate/verdict.pb.h"

namespace devstate {

enum class ReportFormat { kText, kJson, kJunit };

// Parses "text", "json" or "junit".
absl::StatusOr<ReportFormat> ParseReportFormat(absl::string_view text);

// Returns the worst level that counts and that is not in `accepted`; IDENTICAL
// if there is none. Levels up to CONVERTED are always accepted.
VerdictLevel WorstUnaccepted(const DirectionVerdict& verdict,
                             const std::set<VerdictLevel>& accepted);

// Returns the verdict in the words of every report.
DirectionReport MakeDirectionReport(const DirectionVerdict& verdict);

// The function that shows a verdict's word in the text form, for colours.
using VerdictPainter =
    std::function<std::string(absl::string_view word, VerdictLevel level)>;

// Returns the verdicts of all directions. `paint` by default shows words as
// they are. JSON is CheckReport of verdict.proto, with every field of it. In
// JUnit's XML a direction is a test suite and a finding a test case, which
// fails if its level is neither accepted nor waived.
std::string RenderCheck(const std::vector<DirectionVerdict>& verdicts,
                        const std::set<VerdictLevel>& accepted,
                        ReportFormat format,
                        const VerdictPainter& paint = nullptr);

// Returns the findings of lint. JSON is LintReport, without findings that are
// waived.
std::string RenderLint(const std::string& file,
                       const std::vector<Finding>& findings,
                       ReportFormat format);

// A verdict of a matrix: what one writes, read by another.
struct MatrixVerdict {
  VerdictLevel level;
  // The findings that make the verdict.
  std::vector<Finding> findings;
};

MatrixVerdict MakeMatrixVerdict(const DirectionVerdict& verdict);

// Returns the rules of the findings, in ascending order, each once.
std::vector<std::string> RulesOf(const MatrixVerdict& verdict);

// All writers of a schema (rows) against all readers (columns).
struct MatrixTable {
  std::string schema;
  // The names of rows and columns: "v1", "group 1".
  std::vector<std::string> names;
  // Row by row.
  std::vector<MatrixVerdict> cells;

  const MatrixVerdict& Cell(size_t writer, size_t reader) const {
    return cells[writer * names.size() + reader];
  }
};

// Returns the tables as text or, with a test suite for each, as JUnit's XML.
std::string RenderMatrix(const std::vector<MatrixTable>& tables,
                         ReportFormat format);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_REPORT_H_
