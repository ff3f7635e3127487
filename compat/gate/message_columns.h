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
  // The rows that the columns are about; in all others the field has its
  // default, or does not occur.
  RowSet rows;
  // How often the field occurs in each of them, of kind UNSIGNED; decoded. Not
  // of fields without presence. Of messages that are not repeated, Finish()
  // makes them.
  ValueColumn counts;
  // Of a scalar.
  ValueColumn values;
  // Of a message. One that is not repeated has rows of the message it is in,
  // any other has rows of its own.
  std::unique_ptr<MessageColumns> message;
};

// The columns of a message, put together field by field: the …Columns message
// of docs/stream_format.md. Not thread-safe.
class MessageColumns {
 public:
  // `model` must outlive the object. `rows` are those that have the message.
  MessageColumns(const MessageModel& model, RowSet rows)
      : model_(model), rows_(std::move(rows)) {}

  const MessageModel& model() const { return model_; }
  const RowSet& rows() const { return rows_; }

  // The columns of `field`; null if there are none, which is the same as
  // columns of defaults.
  FieldColumns* Find(const FieldModel& field);

  // Adds columns for `field`, which has none, and returns them.
  FieldColumns& Add(const FieldModel& field, RowSet rows);
  void Remove(const FieldModel& field) { fields_.erase(field.number); }

  // Returns the message that `field`, which is not repeated, holds, made if
  // need be. From now on `rows`, and so the messages around it, have it. To be
  // called from the outside in.
  MessageColumns& AddMessage(const FieldModel& field, const RowSet& rows);

  // Gives the columns of each field, at any depth, a value or a count for every
  // row. False if a row has several members of a oneof, or if a column is not
  // what a reader takes. Nothing may be added afterwards.
  bool Finish(DecodeContext& context);

  // Appends the columns. After Finish().
  void Encode(MessageWriter& out);

 private:
  bool OneofsHold() const;
  bool FinishField(FieldColumns& columns, DecodeContext& context);
  void EncodeMessage(uint32_t field, MessageWriter& out);

  const MessageModel& model_;
  RowSet rows_;
  // By number.
  std::map<int, FieldColumns> fields_;
};

// Collects which rows have which members of the oneofs of a message.
class OneofRows {
 public:
  // Adds the rows that have a member of `oneof`; false if another member has
  // one of them, too.
  bool Add(const std::string& oneof, const RowSet& rows);

 private:
  std::map<std::string, RowSet> rows_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_MESSAGE_COLUMNS_H_
