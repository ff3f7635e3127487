// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the forms of `devstate check` have in common.

#ifndef DEVSTATE_CLI_CHECK_FLAGS_H_
#define DEVSTATE_CLI_CHECK_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/schema_flags.h"
#include "cli/state_input.h"
#include "devstate/compat/finding.h"

namespace devstate {

struct CheckFlags {
  SchemaFlags schema;
  // Of two schemas.
  std::string old_file;
  std::string new_file;
  // Where each finds its imports, before the folders of `schema`.
  std::vector<std::string> old_imports;
  std::vector<std::string> new_imports;
  std::string lineage;
  // Of two manifests.
  std::string from;
  std::string to;
  // Of a stream.
  StateInputFlags stream;
  std::string reader;

  std::string direction = "both";
  std::vector<std::string> accept;
};

// Applies the waivers, prints the verdicts, and returns the exit code of the
// worst one that is not accepted.
absl::StatusOr<int> ReportVerdicts(const CheckFlags& flags,
                                   std::vector<DirectionVerdict> verdicts);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_FLAGS_H_
