// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_REPORT_FINDING_H_
#define DEVSTATE_COMPAT_REPORT_FINDING_H_

#include "devstate/verdict.pb.h"

namespace devstate {

// Returns the part of a finding that every machine-readable report has.
ReportFinding MakeReportFinding(const Finding& finding);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_REPORT_FINDING_H_
