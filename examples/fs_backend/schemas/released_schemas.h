// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The released versions of the example's schema, as a back-end carries them: so
// that it can save for an older release, and knows the words of one without
// being told by the stream.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_SCHEMAS_RELEASED_SCHEMAS_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_SCHEMAS_RELEASED_SCHEMAS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "compat/gate/schema_archive.h"

namespace devstate::examples {

// Versions 1 to `newest`, which is what a release of version `newest` can know.
absl::StatusOr<std::shared_ptr<const SchemaArchive>> ReleasedSchemas(
    uint32_t newest);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_SCHEMAS_RELEASED_SCHEMAS_H_
