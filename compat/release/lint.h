// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_LINT_H_
#define DEVSTATE_COMPAT_RELEASE_LINT_H_

#include <vector>

#include "devstate/compat/finding.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// Returns the findings about a schema that is to be released, by itself and,
// with a `lineage`, after the released versions. They are of lint rules,
// REFUSED for errors and COMPATIBLE for warnings, and have a place. Their path
// is "t.Message.field". Sorted by path, then rule.
std::vector<Finding> LintSchema(const LoadedSchema& schema,
                                const Lineage* lineage = nullptr);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_LINT_H_
