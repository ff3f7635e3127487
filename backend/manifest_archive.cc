// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/manifest_archive.h"

#include <utility>

#include "devstate/compat/release/manifest.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<std::shared_ptr<const SchemaArchive>> ManifestArchive(
    absl::string_view json) {
  DS_ASSIGN_OR_RETURN(LoadedManifest manifest,
                      ParseManifest("the program's manifest", json));
  auto archive = std::make_shared<SchemaArchive>();
  for (const auto& schema : manifest.schemas) {
    DS_RETURN_IF_ERROR(archive->Add(std::move(*schema)));
  }
  return archive;
}

}  // namespace devstate
