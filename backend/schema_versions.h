// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The versions of a schema that a back-end can write.

#ifndef DEVSTATE_BACKEND_SCHEMA_VERSIONS_H_
#define DEVSTATE_BACKEND_SCHEMA_VERSIONS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/schema/schema_info.h"

namespace devstate {

// Returns the versions of the archive below that of `own`, in ascending order.
// Empty if `archive` is null.
std::vector<uint32_t> OlderVersions(const SchemaArchive* archive,
                                    const SchemaInfo& own);

// Returns version `version` of the schema. NOT_FOUND, with the versions that
// there are, if the archive lacks it.
absl::StatusOr<SchemaView> FindVersion(const SchemaArchive* archive,
                                       const SchemaInfo& own, uint32_t version);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_SCHEMA_VERSIONS_H_
