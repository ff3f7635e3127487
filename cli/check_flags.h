// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The common part of the forms of `devstate check`.

#ifndef DEVSTATE_CLI_CHECK_FLAGS_H_
#define DEVSTATE_CLI_CHECK_FLAGS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/schema_flags.h"
#include "cli/state_input.h"
#include "devstate/compat/finding.h"

namespace devstate {

struct CheckFlags {
  SchemaFlags schema;
  // The files of the two schemas that are compared.
  std::string old_file;
  std::string new_file;
  // The folders in which each finds its imports, before those of `schema`.
  std::vector<std::string> old_imports;
  std::vector<std::string> new_imports;
  std::string lineage;
  // The files of the two manifests that are compared.
  std::string from;
  std::string to;
  // The stream that is judged, and the schema or manifest of its reader.
  StateInputFlags stream;
  std::string reader;
  // The directory that a destination would share.
  std::string tree;

  std::string direction = "both";
  std::vector<std::string> accept;
  // The number of hosts of a fleet that must be accepted. Default: 0, all.
  uint32_t need = 0;
};

// Returns what is checked, in words, for the head of a page.
std::string SubjectOf(const CheckFlags& flags);

// Returns the levels of --accept.
std::set<VerdictLevel> AcceptedLevels(const CheckFlags& flags);

// Returns a word for a verdict, in its colour if standard output wants one.
std::string PaintVerdict(absl::string_view word, VerdictLevel level);

// Applies the waivers, prints the verdicts, and returns the exit code of the
// worst one that is not accepted.
absl::StatusOr<int> ReportVerdicts(const CheckFlags& flags,
                                   std::vector<DirectionVerdict> verdicts);

}  // namespace devstate

#endif  // DEVSTATE_CLI_CHECK_FLAGS_H_
