// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The forms of a matrix that are looked at: a page, a picture, a document.

#ifndef DEVSTATE_CLI_PAGES_MATRIX_PAGE_H_
#define DEVSTATE_CLI_PAGES_MATRIX_PAGE_H_

#include <string>
#include <vector>

#include "devstate/compat/release/report.h"
#include "devstate/fleet.pb.h"

namespace devstate {

// Return all tables. `fleet` says what the groups of hosts are; null if the
// rows are versions. A verdict that has findings is a link to them on the page,
// a tool tip in the picture and a list in the document. All findings of a page
// and a document count, up to the first 12 of a verdict.
std::string MatrixPage(const std::vector<MatrixTable>& tables,
                       const FleetMatrixReport* fleet);
std::string MatrixMarkdown(const std::vector<MatrixTable>& tables,
                           const FleetMatrixReport* fleet);
std::string MatrixSvg(const std::vector<MatrixTable>& tables);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_MATRIX_PAGE_H_
