// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/runner.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace devstate::conformance {
namespace {

void Record(const absl::StatusOr<std::string>& result, std::string more,
            ConformanceCase* row, ConformanceReport* report) {
  if (result.ok()) {
    row->set_result("pass");
    row->set_happened(*result);
    report->set_passed(report->passed() + 1);
    return;
  }
  const bool skipped = absl::IsUnimplemented(result.status());
  row->set_result(skipped ? "skip" : "fail");
  row->set_happened(
      absl::StrCat(result.status().message(), more.empty() ? "" : "; ", more));
  if (skipped) {
    report->set_skipped(report->skipped() + 1);
  } else {
    report->set_failed(report->failed() + 1);
  }
}

}  // namespace

absl::StatusOr<std::vector<Case>> SelectCases(
    const std::vector<std::string>& names) {
  const absl::Span<const Case> all = AllCases();
  for (const std::string& name : names) {
    if (std::none_of(all.begin(), all.end(),
                     [&name](const Case& one) { return one.name == name; })) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no case is named \"", name, "\": there are ",
          absl::StrJoin(all, ", ", [](std::string* out, const Case& one) {
            out->append(one.name);
          })));
    }
  }
  std::vector<Case> selected;
  for (const Case& one : all) {
    if (names.empty() ||
        std::find(names.begin(), names.end(), one.name) != names.end()) {
      selected.push_back(one);
    }
  }
  return selected;
}

absl::StatusOr<ConformanceReport> RunCases(
    const BenchOptions& options, const std::vector<Case>& cases,
    const std::function<void(const ConformanceCase&)>& each) {
  ConformanceReport report;
  // The case after which the back-end was gone.
  std::string last;
  for (const Case& one : cases) {
    absl::StatusOr<std::unique_ptr<Bench>> bench =
        report.backend_gone() ? absl::UnavailableError("the back-end is gone")
                              : Bench::Create(options);
    if (!bench.ok() && report.cases().empty()) return bench.status();
    if (bench.ok()) last = one.name;
    ConformanceCase& row = *report.add_cases();
    row.set_name(one.name);
    row.set_expected(one.expected);
    row.set_section(one.section);
    if (bench.ok()) {
      const absl::StatusOr<std::string> result = one.run(**bench);
      // It closed the connection against its will, or ours.
      Record(result,
             absl::IsUnavailable(result.status()) ? (*bench)->Fate() : "", &row,
             &report);
    } else if (options.start.empty()) {
      report.set_backend_gone(true);
      Record(absl::UnimplementedError(absl::StrCat(
                 "the back-end is gone since ", last,
                 "; --start COMMAND starts it anew for each case")),
             "", &row, &report);
    } else {
      Record(bench.status(), "", &row, &report);
    }
    each(row);
  }
  return report;
}

}  // namespace devstate::conformance
