// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_FINDINGS_HTML_H_
#define DEVSTATE_CLI_PAGES_FINDINGS_HTML_H_

#include <string>

#include "devstate/verdict.pb.h"

namespace devstate {

// Returns an item of a list for a finding, with the remedy of its
// rule if it needs one.
std::string FindingHtml(const ReportFinding& finding);

// Returns the sentence with the verdict of a direction: "upgrade: refused".
std::string DirectionSummary(const DirectionReport& direction);

// Returns the conditions and the findings of a direction, all of them.
std::string DirectionHtml(const DirectionReport& direction);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_FINDINGS_HTML_H_
