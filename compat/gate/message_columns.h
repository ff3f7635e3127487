// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_MESSAGE_COLUMNS_H_
#define DEVSTATE_COMPAT_GATE_MESSAGE_COLUMNS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "devstate/compat/gate/row_set.h"
#include "devstate/compat/gate/value_column.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/message_writer.h"

namespace devstate {

class MessageColumns;

// The columns of a field of a message.
struct FieldColumns {
  const FieldModel* field;
  // The rows that the columns are about. In all others the field has its
  // default, or does not occur.
  RowSet rows;
  // The number of occurrences of the field in each of them, of kind UNSIGNED,
  // decoded. Fields without presence have none. Finish() makes them for
  // messages that are not repeated.
  ValueColumn counts;
  // The values of a scalar.
  ValueColumn values;
  // The columns of a message. One that is not repeated has rows of the message
  // it is in, any other has rows of its own.
  std::unique_ptr<MessageColumns> message;
};

// The columns of a message, put together field by field: the …Columns message
// of docs/stream_format.md. Thread-safety: none.
class MessageColumns {
 public:
  // `rows` are those that have the message. Requires: `model` outlives the
  // object.
  MessageColumns(const MessageModel& model, RowSet rows)
      : model_(model), rows_(std::move(rows)) {}

  const MessageModel& model() const { return model_; }
  const RowSet& rows() const { return rows_; }

  // Returns the columns of `field`; null if there are none, which is the same
  // as columns of defaults.
  FieldColumns* Find(const FieldModel& field);

  // Adds columns for `field`, which has none, and returns them.
  FieldColumns& Add(const FieldModel& field, RowSet rows);
  void Remove(const FieldModel& field) { fields_.erase(field.number); }

  // Returns the message that `field`, which is not repeated, holds. Makes it if
  // need be. From then on `rows`, and so the messages around it, have it.
  // Requires: called from the outside in.
  MessageColumns& AddMessage(const FieldModel& field, const RowSet& rows);

  // Gives the columns of each field, at any depth, a value or a count for every
  // row. Returns false if a row has several members of a oneof, or if a column
  // is not what a reader takes. Nothing may be added afterwards.
  bool Finish(DecodeContext& context);

  // Appends the columns. Requires: Finish() was called.
  void Encode(MessageWriter& out);

 private:
  bool OneofsHold() const;
  bool FinishField(FieldColumns& columns, DecodeContext& context);
  void EncodeMessage(uint32_t field, MessageWriter& out);

  const MessageModel& model_;
  RowSet rows_;
  // The columns by the number of their field.
  std::map<int, FieldColumns> fields_;
};

// Collects which rows have which members of the oneofs of a message.
class OneofRows {
 public:
  // Adds the rows that have a member of `oneof`. Returns false if one of them
  // has another member, too.
  bool Add(const std::string& oneof, const RowSet& rows);

 private:
  std::map<std::string, RowSet> rows_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_MESSAGE_COLUMNS_H_
