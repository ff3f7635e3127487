// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_LINT_H_
#define DEVSTATE_COMPAT_RELEASE_LINT_H_

#include <vector>

#include "devstate/compat/finding.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// Says whether the schema is fit for release, for itself and, with a `lineage`,
// after the versions that were released. Findings are of lint rules, REFUSED
// for errors and COMPATIBLE for warnings, with a place; their path is
// "t.Message.field". Sorted by path, then rule.
std::vector<Finding> LintSchema(const LoadedSchema& schema,
                                const Lineage* lineage = nullptr);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_LINT_H_
