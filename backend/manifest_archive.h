// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_MANIFEST_ARCHIVE_H_
#define DEVSTATE_BACKEND_MANIFEST_ARCHIVE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/gate/schema_archive.h"

namespace devstate {

// Returns every version in the manifest that the rule devstate_manifest put
// into the program, for StateOptions::archive. These are the versions that the
// back-end can be told to save, and the releases that it knows without being
// told by a stream. INVALID_ARGUMENT if `json` is not a manifest.
absl::StatusOr<std::shared_ptr<const SchemaArchive>> ManifestArchive(
    absl::string_view json);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_MANIFEST_ARCHIVE_H_
