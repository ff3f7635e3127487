// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_SCHEMA_PAIR_H_
#define DEVSTATE_COMPAT_SCHEMA_PAIR_H_

#include <cstdint>
#include <utility>

#include "devstate/compat/finding.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// The schemas of writer and reader, and what is known of the versions between.
struct SchemaPair {
  const SchemaModel* writer;
  const SchemaModel* reader;
  Direction direction;
  // The lineage of the schema; may be null.
  const Lineage* lineage = nullptr;

  bool upgrade() const { return direction == Direction::kUpgrade; }
  uint32_t older_version() const {
    return (upgrade() ? writer : reader)->version();
  }
  uint32_t newer_version() const {
    return (upgrade() ? reader : writer)->version();
  }
  // Sorts the two by age rather than by role.
  template <typename T>
  std::pair<const T*, const T*> OlderAndNewer(const T& written,
                                              const T& read) const {
    return upgrade() ? std::make_pair(&written, &read)
                     : std::make_pair(&read, &written);
  }
};

// Returns the pair of two schemas by their versions. If both have one version,
// the reader counts as the newer.
inline SchemaPair PairByVersion(const SchemaModel& writer,
                                const SchemaModel& reader,
                                const Lineage* lineage = nullptr) {
  return {&writer, &reader,
          writer.version() <= reader.version() ? Direction::kUpgrade
                                               : Direction::kDowngrade,
          lineage};
}

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_SCHEMA_PAIR_H_
