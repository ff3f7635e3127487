// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STRUCT_READER_H_
#define DEVSTATE_BACKEND_C_STRUCT_READER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "devstate/backend/c/struct_table.h"
#include "devstate/serializer/record_columns.h"

namespace devstate::c {

// Scatters the values of one field into the members of many structs.
class FieldScatterer;

// Reads the columns of a message into structs, field by field, as StructBuilder
// makes columns of them.
class StructReader final : public RecordColumnsReader {
 public:
  // `tables` has `type` and must outlive the reader.
  StructReader(const StructTables& tables, const devstate_table& type);
  ~StructReader();

  // Must come after Decode(), of as many rows, and before Read().
  void Restart(size_t rows);
  // Reads the structs of `count` rows from `row` on, one after the other from
  // row 0, to `out`, which holds zeros, `stride` bytes apart. What they point
  // to is valid until the next Decode().
  void Read(size_t row, size_t count, size_t stride, char* out);

 private:
  using Fields = std::vector<std::unique_ptr<FieldScatterer>>;

  StructReader(const StructTable& table, Fields fields);

  const Fields fields_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STRUCT_READER_H_
