// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/record_columns.h"
#include "google/protobuf/message.h"

namespace devstate::dynamic {

class FieldAppender;
class MessageTable;

// Builds the columns of a message whose type is known at run time only. Not
// thread-safe.
class MessageColumnsBuilder final : public RecordColumnsBuilder {
 public:
  // `type` must outlive the builder and not contain itself.
  explicit MessageColumnsBuilder(const MessageModel& type);
  ~MessageColumnsBuilder();

  // INVALID_ARGUMENT, with the path, if `record` has what its schema does not
  // have.
  absl::Status CheckKnown(const google::protobuf::Message& record) const;
  // What `record` counts for beside its record size, in bytes.
  size_t VariableSize(const google::protobuf::Message& record) const;

  // Copies `record`, a message of the type. Map entries are put into ascending
  // order of key, for their own order differs from run to run.
  void Append(const google::protobuf::Message& record);

 private:
  using Fields = std::vector<std::unique_ptr<FieldAppender>>;

  MessageColumnsBuilder(std::unique_ptr<MessageTable> table, Fields fields);

  const std::unique_ptr<MessageTable> table_;
  // In ascending order of number.
  const Fields fields_;
};

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_
