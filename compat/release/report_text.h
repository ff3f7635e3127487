// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the machine-readable forms of every report have in common.

#ifndef DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_
#define DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace devstate {

// One line of JSON with every field of `report`, by its name in the .proto
// file; its strings must be UTF-8.
std::string ReportJson(const google::protobuf::Message& report);

struct JunitCase {
  enum class Result { kPassed, kFailed, kSkipped };
  std::string name;
  std::string text;  // shown unless it passed
  Result result = Result::kPassed;
};

// A test suite of JUnit's XML.
std::string JunitSuite(const std::string& name,
                       const std::vector<JunitCase>& cases);

// The whole document.
std::string JunitDocument(const std::string& suites);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_REPORT_TEXT_H_
