// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_WRITTEN_COLUMNS_H_
#define DEVSTATE_COMPAT_GATE_WRITTEN_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/compat/gate/value_column.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/decode_context.h"

namespace devstate {

// The columns of one field in some messages of the writer's, as they came.
struct WrittenColumns {
  const FieldModel* field;
  // How many messages there are.
  size_t rows = 0;
  // How often the field occurs in each, decoded; not of fields without
  // presence.
  ValueColumn counts;
  // How often it occurs in all of them, or `rows` if it has no presence.
  size_t total = 0;
  // Of a scalar: its values.
  ValueColumn values;
  // Of a message: its columns.
  absl::string_view message;

  // Whether each message has a value.
  bool once() const {
    return field->presence == Presence::kImplicit;
  }

  // Whether there is nothing to lose for sure.
  bool empty() const { return once() ? values.absent() : total == 0; }

  // Sets `*content` to whether there is anything to lose, for each message.
  // False if the columns are not what a reader takes.
  bool FindContent(DecodeContext& context, std::vector<uint8_t>* content);

  // Gives each message a value, in values: a default if it had none. Not for
  // repeated fields. Decodes.
  bool SpreadValues(DecodeContext& context);
};

// Finds the columns of the fields of `model` in a …Columns message: `*columns`
// gets one for each, empty if the field has none. False if the message is not
// what a reader of `model` takes.
bool SplitColumns(absl::string_view message, const MessageModel& model,
                  std::vector<absl::string_view>* columns);

// Takes apart the column of `field` in `rows` messages, or what stands for an
// empty one. False if it is not what a reader takes.
bool ReadColumns(const FieldModel& field, absl::string_view column, size_t rows,
                 DecodeContext& context, WrittenColumns* written);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_WRITTEN_COLUMNS_H_
