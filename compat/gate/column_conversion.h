// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_COLUMN_CONVERSION_H_
#define DEVSTATE_COMPAT_GATE_COLUMN_CONVERSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "devstate/compat/mapping.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/stream_reader.h"

namespace devstate {

// The ignorable values in a batch that the reader does not have a field for.
struct DroppedColumn {
  // The path of the field, as in FieldMapping.
  std::string path;
  // The first of the values, for people, and the index of its record in the
  // batch.
  std::string first;
  size_t record = 0;
  // The number of messages that have content in the field.
  uint64_t count = 0;
};

// Converts the columns of a whole batch as Converter does each record: the same
// values arrive. A column in which nothing changes is copied as it is, whatever
// its new number or message.
//
// Everything that has to be refused, and every error, is left to the Converter,
// so that it is said in one place only. Thread-safety: none.
class ColumnConverter {
 public:
  // Requires: `mapping` outlives the object.
  explicit ColumnConverter(Mapping* mapping) : mapping_(*mapping) {}

  // Appends the columns of `batch`, which holds records of the writer's root
  // field `field`, to `out` as the reader has them. Appends what was dropped to
  // `dropped`.
  //
  // Returns false if the records have to be converted one by one; what was
  // appended is of no use then. That is so if a value has to be refused, if a
  // strict reader would refuse the batch, and where the columns do not show
  // enough. column_conversion.cc has the reasons.
  //
  // Requires: the reader has a field for the records.
  bool Convert(const FieldModel& field, const Chunk& batch,
               const Limits& limits, MessageWriter* out,
               std::vector<DroppedColumn>* dropped);

 private:
  Mapping& mapping_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_COLUMN_CONVERSION_H_
