// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_LINT_H_
#define DEVSTATE_COMPAT_RELEASE_LINT_H_

#include <string>
#include <vector>

#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

struct LintFinding {
  // A lint rule, whose severity is the finding's.
  std::string rule;
  // "file:line:column".
  std::string place;
  // "t.Message.field".
  std::string path;
  // One line with the remedy.
  std::string text;
  // Why the finding does not count; empty if it does.
  std::string waived;
};

// Whether the schema is fit for release, for itself and, with a `lineage`,
// after the versions that were released. Sorted by path, then rule.
std::vector<LintFinding> LintSchema(const LoadedSchema& schema,
                                    const Lineage* lineage = nullptr);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_LINT_H_
