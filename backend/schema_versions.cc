// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/schema_versions.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace devstate {

std::vector<uint32_t> OlderVersions(const SchemaArchive* archive,
                                    const SchemaInfo& own) {
  std::vector<uint32_t> versions;
  if (archive == nullptr) return versions;
  for (const LoadedSchema* schema : archive->Versions(own.schema)) {
    const uint32_t version = schema->model().version();
    if (version < own.version) versions.push_back(version);
  }
  return versions;
}

absl::StatusOr<SchemaView> FindVersion(const SchemaArchive* archive,
                                       const SchemaInfo& own,
                                       uint32_t version) {
  const LoadedSchema* schema =
      archive == nullptr ? nullptr : archive->FindVersion(own.schema, version);
  if (schema != nullptr) {
    return SchemaView{&schema->root(), &schema->model()};
  }
  std::vector<uint32_t> known = OlderVersions(archive, own);
  known.push_back(own.version);
  return absl::NotFoundError(
      absl::StrCat("version ", version, " of ", own.schema,
                   " is not one that this back-end can write: it has ",
                   absl::StrJoin(known, ", ")));
}

}  // namespace devstate
