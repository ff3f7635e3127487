// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STATE_SCHEMA_H_
#define DEVSTATE_BACKEND_C_STATE_SCHEMA_H_

#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/backend/c/judge.h"
#include "devstate/backend/c/struct_table.h"
#include "devstate/devstate.h"
#include "devstate/schema/schema_info.h"

namespace devstate::c {

// A generated schema with all that is derived from it. Thread-safe.
//
// Its tables serve all of a state of the same schema. Its descriptors, which
// take Protocol Buffers, are asked for when there is another version of the
// schema or an error.
class StateSchema {
 public:
  // `schema` must outlive the result, which is the one that others have
  // already, if there are any: they share the descriptors. INVALID_ARGUMENT if
  // it is null or not one that this release reads.
  static absl::StatusOr<std::shared_ptr<const StateSchema>> Make(
      const devstate_schema* schema);

  const devstate_schema& tables() const { return tables_; }
  const SchemaInfo& info() const { return info_; }
  const StructTables& structs() const { return structs_; }
  // Whether fields of records belong to features.
  bool records_have_features() const { return records_have_features_; }
  // Returns whether `row`, a root, is sure to be what the schema's annotations
  // allow. Others may be, too.
  bool RootIsAllowed(const void* row) const;

  // Returns the schema with its descriptors, which lives as long as this.
  // Errors: those of FindJudge().
  absl::StatusOr<DescribedSchema*> Described() const;

  // The root's field `number` if it holds records, or null.
  const devstate_field* FindRecords(uint32_t number) const;

 private:
  explicit StateSchema(const devstate_schema& tables);

  const devstate_schema& tables_;
  // Those of info_.
  std::vector<PiecesInfo> pieces_;
  SchemaInfo info_ = {};
  StructTables structs_;
  bool records_have_features_ = false;
  // Whether the root has annotations that the tables cannot say.
  bool root_has_more_rules_ = false;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<DescribedSchema> described_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STATE_SCHEMA_H_
