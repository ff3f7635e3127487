// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STRUCT_BUILDER_H_
#define DEVSTATE_BACKEND_C_STRUCT_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "devstate/backend/c/struct_table.h"
#include "devstate/serializer/record_columns.h"

namespace devstate::c {

// Structs that lie `stride` bytes apart.
struct Structs {
  const char* first = nullptr;
  size_t count = 0;
  size_t stride = 0;

  const char* operator[](size_t i) const { return first + i * stride; }
  // Calls `visit(i, struct)` for each, four at a time: it is what loops over
  // members consist of.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    const char* row = first;
    // Locals, because what `visit` stores could change members.
    const size_t end = count;
    const size_t step = stride;
    size_t i = 0;
    for (; i + 4 <= end; i += 4, row += 4 * step) {
      visit(i, row);
      visit(i + 1, row + step);
      visit(i + 2, row + 2 * step);
      visit(i + 3, row + 3 * step);
    }
    for (; i < end; ++i, row += step) visit(i, row);
  }
  Structs Range(size_t begin, size_t end) const {
    return {first + begin * stride, end - begin, stride};
  }
};

// Gathers the members of one field from many structs.
class FieldGatherer;

// Builds the columns of a message from structs, field by field: a block of
// structs that stays in the cache is as fast as code made for its type.
class StructBuilder final : public RecordColumnsBuilder {
 public:
  // `tables` has `type` and must outlive the builder.
  StructBuilder(const StructTables& tables, const devstate_table& type);
  ~StructBuilder();

  // Adds to sizes[i] what struct i counts for beside the size of a record: the
  // strings and the elements of repeated fields in it. INVALID_ARGUMENT, with
  // the field's path, for a struct that is none: *bad is its index then.
  absl::Status Measure(const Structs& structs, uint64_t* sizes, size_t* bad);

  // Whether structs can differ in size or be none: Measure() is needed.
  bool has_measure() const;

  // Copies what the last Measure() has found good, or a part of it.
  void Append(const Structs& structs);
  // Copies what some Measure() has found good.
  void SelectAndAppend(const Structs& structs);

 private:
  using Fields = std::vector<std::unique_ptr<FieldGatherer>>;
  // For each oneof, what all structs under way have selected, or kMixed.
  using Selections = std::shared_ptr<int32_t[]>;

  StructBuilder(const StructTables& tables, const devstate_table& type,
                const Selections& selections);
  StructBuilder(const StructTable& table, Fields fields,
                const Selections& selections);

  void Select(const Structs& structs);

  const devstate_table& type_;
  const Selections selections_;
  const Fields fields_;
  // Those of fields_ that Measure() looks at.
  std::vector<FieldGatherer*> measured_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STRUCT_BUILDER_H_
