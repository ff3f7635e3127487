// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/report_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "devstate/compat/json_text.h"

namespace devstate {
namespace {

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

std::string ReportJson(const google::protobuf::Message& report) {
  JsonStyle style;
  style.all_fields = true;
  return absl::StrCat(JsonText(report, style).value_or(""), "\n");
}

std::string JunitSuite(const std::string& name,
                       const std::vector<JunitCase>& cases) {
  const auto count = [&cases](JunitCase::Result result) {
    return std::count_if(
        cases.begin(), cases.end(),
        [result](const JunitCase& test) { return test.result == result; });
  };
  const auto skipped = count(JunitCase::Result::kSkipped);
  std::string xml = absl::StrCat(
      "  <testsuite name=\"", Escape(name), "\" tests=\"", cases.size(),
      "\" failures=\"", count(JunitCase::Result::kFailed), "\"",
      skipped == 0 ? "" : absl::StrCat(" skipped=\"", skipped, "\""), ">\n");
  for (const JunitCase& test : cases) {
    absl::StrAppend(&xml, "    <testcase classname=\"", Escape(name),
                    "\" name=\"", Escape(test.name), "\"");
    if (test.result == JunitCase::Result::kPassed) {
      absl::StrAppend(&xml, "/>\n");
    } else {
      absl::StrAppend(
          &xml, "><",
          test.result == JunitCase::Result::kFailed ? "failure" : "skipped",
          " message=\"", Escape(test.text), "\"/></testcase>\n");
    }
  }
  absl::StrAppend(&xml, "  </testsuite>\n");
  return xml;
}

std::string JunitDocument(const std::string& suites) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                      "<testsuites>\n", suites, "</testsuites>\n");
}

}  // namespace devstate
