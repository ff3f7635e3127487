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
  // The number of messages.
  size_t rows = 0;
  // The number of occurrences of the field in each, decoded. Fields without
  // presence have none.
  ValueColumn counts;
  // The number of occurrences in all of them, or `rows` without presence.
  size_t total = 0;
  // The values of a scalar.
  ValueColumn values;
  // The columns of a message.
  absl::string_view message;

  // Returns whether each message has a value.
  bool once() const {
    return field->presence == Presence::kImplicit;
  }

  // Returns whether there is nothing to lose for sure.
  bool empty() const { return once() ? values.absent() : total == 0; }

  // Sets `*content` to whether there is anything to lose, for each message.
  // Returns false if the columns are not what a reader takes.
  bool FindContent(DecodeContext& context, std::vector<uint8_t>* content);

  // Gives each message a value in `values`: a default if it had none. Decodes.
  // Not for repeated fields.
  bool SpreadValues(DecodeContext& context);
};

// Finds the columns of the fields of `model` in a …Columns message. `*columns`
// gets one for each field, empty if it has none. Returns false if the message
// is not what a reader of `model` takes.
bool SplitColumns(absl::string_view message, const MessageModel& model,
                  std::vector<absl::string_view>* columns);

// Reads the column of `field` in `rows` messages, or what stands for an empty
// one. Returns false if it is not what a reader takes.
bool ReadColumns(const FieldModel& field, absl::string_view column, size_t rows,
                 DecodeContext& context, WrittenColumns* written);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_WRITTEN_COLUMNS_H_
