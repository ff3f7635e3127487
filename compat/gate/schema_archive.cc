// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/schema_archive.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace devstate {

absl::Status SchemaArchive::Add(LoadedSchema schema) {
  const SchemaModel& model = schema.model();
  const auto key = std::make_pair(model.schema(), model.version());
  const auto found = schemas_.find(key);
  if (found != schemas_.end()) {
    if (found->second.model().fingerprint == model.fingerprint) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        model.file, ": another schema of version ", model.version(), " of ",
        model.schema(), " is there from ", found->second.model().file,
        ": a released version never changes"));
  }
  schemas_.emplace(key, std::move(schema));
  return absl::OkStatus();
}

absl::Status SchemaArchive::Add(std::vector<LoadedSchema> schemas) {
  for (LoadedSchema& schema : schemas) {
    if (absl::Status status = Add(std::move(schema)); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

const LoadedSchema* SchemaArchive::FindFingerprint(
    absl::string_view fingerprint) const {
  for (const auto& [key, schema] : schemas_) {
    if (schema.model().fingerprint == fingerprint) return &schema;
  }
  return nullptr;
}

const LoadedSchema* SchemaArchive::FindVersion(absl::string_view schema,
                                               uint32_t version) const {
  const auto found = schemas_.find({std::string(schema), version});
  return found == schemas_.end() ? nullptr : &found->second;
}

std::vector<const LoadedSchema*> SchemaArchive::Versions(
    absl::string_view name) const {
  std::vector<const LoadedSchema*> result;
  for (const auto& [key, schema] : schemas_) {
    if (key.first == name) result.push_back(&schema);
  }
  return result;
}

}  // namespace devstate
