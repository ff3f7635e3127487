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

// Ignorable values in a batch that the reader does not have a field for.
struct DroppedColumn {
  // Of the field, as in FieldMapping.
  std::string path;
  // The first of them, for people, and the index of its record in the batch.
  std::string first;
  size_t record = 0;
  // How many messages have content in the field.
  uint64_t count = 0;
};

// Does with the columns of a whole batch what Converter does with each record:
// the same values arrive. A column in which nothing changes is copied as it is,
// whatever its new number or message.
//
// Whatever has to be refused, and every error, is left to the Converter, so
// that it is said in one place only. Not thread-safe.
class ColumnConverter {
 public:
  // `mapping` must outlive the object.
  explicit ColumnConverter(Mapping* mapping) : mapping_(*mapping) {}

  // Appends the columns of `batch`, which holds records of the writer's root
  // field `field`, to `out` as the reader has them, and what was dropped to
  // `dropped`. The reader has a field for the records.
  //
  // False if the records have to be converted one by one; what was appended is
  // of no use then. That is so if a value has to be refused, if the batch is
  // not what a strict reader takes, and where the columns do not show enough:
  // see the reasons in column_conversion.cc.
  bool Convert(const FieldModel& field, const Chunk& batch,
               const Limits& limits, MessageWriter* out,
               std::vector<DroppedColumn>* dropped);

 private:
  Mapping& mapping_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_COLUMN_CONVERSION_H_
