// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Fields that two values can arrive in. Their content is taken out, completed
// and put back.

#ifndef DEVSTATE_COMPAT_GATE_SINGLE_VALUES_H_
#define DEVSTATE_COMPAT_GATE_SINGLE_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "devstate/compat/gate/message_columns.h"
#include "devstate/compat/gate/row_set.h"
#include "devstate/compat/gate/value_column.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/decode_context.h"

namespace devstate {

// A scalar that occurs at most once in each row of a message, with a value for
// every row.
struct SingleValues {
  // Whether the row has the field; without presence, whether it is not a
  // default.
  std::vector<uint8_t> present;
  ValueColumn values;
};

// Returns whether a message has at most one value of `field`, whatever else it
// has.
bool IsSingle(const FieldModel& field);

// Takes the values of `field`, which IsSingle(), out of `read`. Returns false
// if they are not about `rows`, or are not what a reader takes.
bool TakeSingle(const FieldModel& field, const RowSet& rows,
                MessageColumns* read, DecodeContext& context,
                SingleValues* taken);

// Puts `values` into `read`, the opposite of TakeSingle().
void PutSingle(const FieldModel& field, const RowSet& rows, SingleValues values,
               MessageColumns* read);

// Puts `filling` where `rows` is not 0.
void FillSingle(const std::vector<uint8_t>& rows, ValueColumn filling,
                SingleValues* values);

// Makes a column of `rows` times the absent_default of `field`, which is not a
// message. Returns false if that is not a value of the field, or takes too much
// memory. Requires: `field` outlives the column.
bool MakeDefault(const FieldModel& field, size_t rows, DecodeContext& context,
                 ValueColumn* filling);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_SINGLE_VALUES_H_
