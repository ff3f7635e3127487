// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_SCHEMA_ARCHIVE_H_
#define DEVSTATE_COMPAT_GATE_SCHEMA_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// The released versions of a schema that a back-end carries. From them it knows
// what an older or newer release writes, without believing a stream.
// Thread-safety: none while the archive is filled; thread-safe as a const
// object.
class SchemaArchive {
 public:
  // Adds a version. INVALID_ARGUMENT if another schema of the same name and
  // version is there.
  absl::Status Add(LoadedSchema schema);
  // Adds several, up to the first error.
  absl::Status Add(std::vector<LoadedSchema> schemas);

  // Return a version; null if there is none.
  const LoadedSchema* FindFingerprint(absl::string_view fingerprint) const;
  const LoadedSchema* FindVersion(absl::string_view schema,
                                  uint32_t version) const;

  // Returns the versions of the schema `name`, in ascending order.
  std::vector<const LoadedSchema*> Versions(absl::string_view name) const;

 private:
  // The versions by name and number.
  std::map<std::pair<std::string, uint32_t>, LoadedSchema> schemas_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_SCHEMA_ARCHIVE_H_
