// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_LOAD_REPORT_FILE_H_
#define DEVSTATE_BACKEND_LOAD_REPORT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate {

// Writes `json` as a line to `file` and to `fd`. `file` is replaced as a whole;
// an empty name is skipped. `fd` stays open; a negative one is skipped. Errors
// name the file or the FD. Never raises SIGPIPE or SIGXFSZ.
absl::Status WriteLoadReport(absl::string_view json, const std::string& file,
                             int fd);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_LOAD_REPORT_FILE_H_
