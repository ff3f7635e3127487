// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// States as one message of the root's type, records in their repeated fields.

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_WHOLE_STATE_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_WHOLE_STATE_H_

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "google/protobuf/message.h"

namespace devstate {

// Collects what a reader reads.
class StateCollector : public DynamicStateVisitor {
 public:
  // `state` is an empty root message of the same schema, of any factory. It
  // must outlive the collector.
  explicit StateCollector(google::protobuf::Message* state) : state_(*state) {}

  absl::Status OnRoot(const google::protobuf::Message& root) override;
  absl::Status OnBatch(const google::protobuf::FieldDescriptor& field,
                       Records& records) override;

 private:
  google::protobuf::Message& state_;
};

// Writes `state`, whose type is the root of `schema`, to its end.
absl::Status WriteWholeState(const google::protobuf::Message& state,
                             const SchemaModel& schema,
                             DynamicStateWriter& writer);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_WHOLE_STATE_H_
