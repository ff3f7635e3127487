// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STATE_SCHEMA_H_
#define DEVSTATE_BACKEND_C_STATE_SCHEMA_H_

#include <memory>

#include "absl/status/statusor.h"
#include "devstate/backend/c/struct_table.h"
#include "devstate/devstate.h"
#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_loader.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate::c {

// A generated schema with all that is derived from it. Thread-safe.
class StateSchema {
 public:
  // `schema` must outlive the result, which is the one that others have
  // already, if there are any: to make one takes a millisecond.
  // INVALID_ARGUMENT if it is null, not one that this release reads, or not
  // what its own descriptors say.
  static absl::StatusOr<std::shared_ptr<const StateSchema>> Make(
      const devstate_schema* schema);

  const devstate_schema& tables() const { return tables_; }
  const SchemaInfo& info() const { return info_; }
  const StructTables& structs() const { return structs_; }
  const LoadedSchema& descriptors() const { return descriptors_; }

  // The root's field `number` if it holds records, or null.
  const devstate_field* FindRecords(uint32_t number) const;
  // A new root message.
  std::unique_ptr<google::protobuf::Message> NewRoot() const;

 private:
  StateSchema(const devstate_schema& tables, LoadedSchema descriptors);

  static absl::StatusOr<std::shared_ptr<const StateSchema>> MakeNew(
      const devstate_schema& schema);

  const devstate_schema& tables_;
  const LoadedSchema descriptors_;
  SchemaInfo info_ = {};
  StructTables structs_;
  mutable google::protobuf::DynamicMessageFactory messages_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STATE_SCHEMA_H_
