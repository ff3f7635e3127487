// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the comparison of two schemas share.

#ifndef DEVSTATE_COMPAT_DIFF_CONTEXT_H_
#define DEVSTATE_COMPAT_DIFF_CONTEXT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/places.h"
#include "devstate/schema/lineage.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// What one comparison knows and finds.
struct DiffContext {
  Direction direction;
  const SchemaModel* writer;
  const SchemaModel* reader;
  const Lineage* lineage;
  std::vector<SchemaFinding> findings;
  // What all findings say, together.
  size_t text_bytes = 0;

  bool upgrade() const { return direction == Direction::kUpgrade; }
  uint32_t old_version() const {
    return (upgrade() ? writer : reader)->version();
  }
  uint32_t new_version() const {
    return (upgrade() ? reader : writer)->version();
  }
  // The two sorted by age rather than by role.
  template <typename T>
  std::pair<const T*, const T*> OldAndNew(const T& written,
                                          const T& read) const {
    return upgrade() ? std::make_pair(&written, &read)
                     : std::make_pair(&read, &written);
  }

  // The path of a field that both have, or that one alone has.
  std::string Path(const MessagePlace& place, const FieldModel& written,
                   const FieldModel& read) const {
    return JoinPath(place.path, upgrade() ? read : written);
  }

  void Add(absl::string_view rule, VerdictLevel level, std::string path,
           std::string written, std::string read, std::string text,
           std::string condition = "") {
    if (!upgrade()) written.swap(read);
    text_bytes += path.size() + written.size() + read.size() + text.size() +
                  condition.size();
    findings.push_back({std::string(rule), level, std::move(path),
                        std::move(written), std::move(read), std::move(text),
                        std::move(condition), ""});
  }
};

// "field 5 (size) <predicate> in every Vring".
std::string FieldCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate);
// The same of each value: of each element of a repeated field, of an optional
// one where it is present.
std::string ValueCondition(const MessagePlace& place, const FieldModel& field,
                           absl::string_view predicate);
// That the field is not written at all.
std::string AbsenceCondition(const MessagePlace& place,
                             const FieldModel& field);

// Compares two fields of one number and one meaning, without the messages that
// they are made of. False if the reader cannot make sense of the values, so
// that their parts are of no interest.
bool CompareFields(const MessagePlace& place, const FieldModel& written,
                   const FieldModel& read, DiffContext* context);

// The part of CompareFields() that is about types and cardinality.
bool CompareTypes(const MessagePlace& place, const FieldModel& written,
                  const FieldModel& read, DiffContext* context);

// The part of CompareFields() that is about enums.
void CompareEnums(const MessagePlace& place, const FieldModel& written,
                  const FieldModel& read, DiffContext* context);

// The part of CompareFields() that is about allowed values.
void CompareBounds(const MessagePlace& place, const FieldModel& written,
                   const FieldModel& read, DiffContext* context);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_DIFF_CONTEXT_H_
