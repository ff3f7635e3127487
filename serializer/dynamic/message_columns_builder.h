// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/record_columns.h"
#include "google/protobuf/message.h"

namespace devstate::dynamic {

class FieldAppender;
class MessageTable;

// Builds the columns of a message whose type is known at run time only.
// Thread-safety: none.
class MessageColumnsBuilder final : public RecordColumnsBuilder {
 public:
  // Requires: `type` outlives the builder and does not contain itself.
  explicit MessageColumnsBuilder(const MessageModel& type);
  ~MessageColumnsBuilder();

  // Checks that `record` holds nothing that its schema does not have.
  // INVALID_ARGUMENT, with the path, if it does.
  absl::Status CheckKnown(const google::protobuf::Message& record) const;
  // Returns the bytes that `record` counts for without its record size.
  size_t VariableSize(const google::protobuf::Message& record) const;
  // Returns the same of the fields of `key` alone, which are indices into those
  // of the type.
  size_t VariableSize(const google::protobuf::Message& record,
                      absl::Span<const uint16_t> key) const;

  // Copies `record`, a message of the type. Map entries are put into ascending
  // order of key, because their own order differs from run to run.
  void Append(const google::protobuf::Message& record);

 private:
  using Fields = std::vector<std::unique_ptr<FieldAppender>>;

  MessageColumnsBuilder(std::unique_ptr<MessageTable> table, Fields fields);

  const std::unique_ptr<MessageTable> table_;
  // The fields in ascending order of number.
  const Fields fields_;
};

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_BUILDER_H_
