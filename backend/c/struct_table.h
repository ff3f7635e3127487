// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A schema as generated C has it (devstate_table.h), as the codec wants it.

#ifndef DEVSTATE_BACKEND_C_STRUCT_TABLE_H_
#define DEVSTATE_BACKEND_C_STRUCT_TABLE_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/devstate.h"
#include "devstate/serializer/record_table.h"

namespace devstate::c {

// A message of the schema.
class StructTable {
 public:
  // `type` must outlive the table.
  explicit StructTable(const devstate_table& type);

  StructTable(const StructTable&) = delete;
  StructTable& operator=(const StructTable&) = delete;

  const devstate_table& type() const { return type_; }
  const RecordTable& record() const { return record_; }

 private:
  const devstate_table& type_;
  // What record_ points into.
  std::vector<FieldEntry> fields_;
  std::vector<std::vector<BoundsEntry>> bounds_;
  std::vector<OneofEntry> oneofs_;
  std::vector<std::vector<uint16_t>> members_;
  RecordTable record_;
};

// The messages of a schema, each once. Not thread-safe while it grows.
class StructTables {
 public:
  // Adds `type` and the messages in it.
  void Add(const devstate_table& type);
  // Requires: Add() of it, or of what it is in.
  const StructTable& Of(const devstate_table& type) const {
    return *tables_.at(&type);
  }

 private:
  std::unordered_map<const devstate_table*, std::unique_ptr<StructTable>>
      tables_;
};

// --- Members of structs, whose types only the table knows ---

template <typename T>
T LoadMember(const char* member) {
  T value;
  std::memcpy(&value, member, sizeof(value));
  return value;
}
// Any bits of a bool but 0 are true, whatever C put there.
template <>
inline bool LoadMember<bool>(const char* member) {
  return *member != 0;
}
template <typename T>
void StoreMember(const T& value, char* member) {
  std::memcpy(member, &value, sizeof(value));
}

inline absl::string_view ToView(const devstate_bytes& bytes) {
  return {static_cast<const char*>(bytes.data), bytes.size};
}

// Calls `visit` with a function that says whether `field`, one without
// repetition, is in a row. What kind of field it is, is asked once.
template <typename Visit>
auto WithPresence(const devstate_field& field, const Visit& visit) {
  const uint32_t offset = field.presence;
  switch (field.cardinality) {
    case DEVSTATE_OPTIONAL:
      return visit(
          [offset](const char* row) { return LoadMember<bool>(row + offset); });
    case DEVSTATE_ONEOF:
      return visit([offset, number = static_cast<int32_t>(field.number)](
                       const char* row) {
        return LoadMember<int32_t>(row + offset) == number;
      });
    default:
      break;
  }
  return visit([](const char*) { return true; });
}

inline bool IsPresent(const devstate_field& field, const char* row) {
  return WithPresence(field,
                      [row](auto is_present) { return is_present(row); });
}

// The size of a value of `field` in memory.
size_t ElementSize(const devstate_field& field);

// INVALID_ARGUMENT if `data` is null and has something, or has more than a
// count in a stream can say. `unit` is what `size` counts.
absl::Status CheckData(const void* data, size_t size, const char* unit);

// INVALID_ARGUMENT if a selector of `row` names no member of its oneof.
absl::Status CheckSelectors(const devstate_table& type, const char* row);

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STRUCT_TABLE_H_
