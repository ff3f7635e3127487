// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/schemas/released_schemas.h"

#include <utility>

#include "compat/schema_loader.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate::examples {
namespace {

constexpr const char* kTexts[] = {
#include "examples/fs_backend/schemas/fs_v1.inc"
    ,
#include "examples/fs_backend/schemas/fs_v2.inc"
    ,
#include "examples/fs_backend/schemas/fs_v3.inc"
};

}  // namespace

absl::StatusOr<std::shared_ptr<const SchemaArchive>> ReleasedSchemas(
    uint32_t newest) {
  auto archive = std::make_shared<SchemaArchive>();
  uint32_t version = 0;
  for (const char* text : kTexts) {
    if (++version > newest) break;
    DS_ASSIGN_OR_RETURN(
        LoadedSchema schema,
        ParseSchema("devices/fs/v1/fs.proto", text, SchemaLoadOptions()));
    DS_RETURN_IF_ERROR(archive->Add(std::move(schema)));
  }
  return archive;
}

}  // namespace devstate::examples
