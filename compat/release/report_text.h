// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The common part of the machine-readable forms of every report.

#ifndef DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_
#define DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace devstate {

// Returns one line of JSON with every field of `report`, by its name in the
// .proto file. Requires: its strings are UTF-8.
std::string ReportJson(const google::protobuf::Message& report);

struct JunitCase {
  enum class Result { kPassed, kFailed, kSkipped };
  std::string name;
  std::string text;  // shown unless it passed
  Result result = Result::kPassed;
};

// Returns a test suite of JUnit's XML.
std::string JunitSuite(const std::string& name,
                       const std::vector<JunitCase>& cases);

// Returns the whole document.
std::string JunitDocument(const std::string& suites);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_
