// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_TABLE_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_TABLE_H_

#include <deque>
#include <string>
#include <vector>

#include "devstate/schema/schema_model.h"
#include "devstate/serializer/record_table.h"

namespace devstate::dynamic {

// The table of a message whose schema is known at run time only. It has no
// bounds, because the gate checks the annotations. Tools that only look into a
// state go without the gate.
class MessageTable {
 public:
  // Requires: `type` outlives the object.
  explicit MessageTable(const MessageModel& type);

  MessageTable(const MessageTable&) = delete;
  MessageTable& operator=(const MessageTable&) = delete;

  const RecordTable& table() const { return table_; }

 private:
  void AddField(const FieldModel& field);

  // The targets of the entries' pointers. It is a deque, because they must not
  // move.
  std::deque<std::vector<int32_t>> enum_values_;
  std::vector<FieldEntry> fields_;
  std::vector<OneofEntry> oneofs_;
  RecordTable table_;
};

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_TABLE_H_
