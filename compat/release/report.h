// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_REPORT_H_
#define DEVSTATE_COMPAT_RELEASE_REPORT_H_

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

// Returns all versions against all, written (rows) and read (columns).
std::string RenderMatrix(const MatrixReport& matrix, ReportFormat format);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_REPORT_H_
