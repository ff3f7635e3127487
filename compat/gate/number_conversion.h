// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_NUMBER_CONVERSION_H_
#define DEVSTATE_COMPAT_GATE_NUMBER_CONVERSION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/types/optional.h"
#include "devstate/compat/enum_mapping.h"
#include "devstate/compat/gate/field_values.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/schema/schema_model.h"
#include "devstate/schema/value_kind.h"

namespace devstate {

// The numbers that fields of one type take, in the form in which they travel in
// columns ("Kinds" in docs/stream_format.md).
class NumberType {
 public:
  // Requires: `field` is a number.
  explicit NumberType(const FieldModel& field);

  ValueKind kind() const { return kind_; }
  // Returns the largest number that travels for a value.
  uint64_t max() const { return max_; }
  // Returns whether the type has only some of the numbers up to that.
  bool closed() const { return closed_; }

  // Returns whether the type has the value `bits`. An enum has those that it
  // names.
  bool Holds(uint64_t bits) const;

  // Returns the value for people.
  Number ToNumber(uint64_t bits) const;
  // Sets `*bits` to what travels for `number`. Returns false if the type does
  // not have it.
  bool FromNumber(const Number& number, uint64_t* bits) const;

 private:
  ValueKind kind_;
  uint64_t max_;
  bool closed_ = false;
  // The values of an enum, ascending.
  std::vector<uint64_t> values_;
};

// Converts numbers of one field to those of another.
class NumberConversion {
 public:
  NumberConversion(const FieldModel& written, const FieldModel& read,
                   const absl::optional<UnitScale>& scale = absl::nullopt,
                   const EnumMapping& enums = EnumMapping());

  // Returns whether there is a conversion. There is one between integers, and
  // from a type to itself. There is none if the numbers of an enum change that
  // is scaled as well.
  bool exists() const { return exists_; }
  // Returns whether each number of the one is the same of the other.
  bool trivial() const { return trivial_; }

  // Replaces what travels for the writer's field by what travels for the
  // reader's. Returns false if the writer's type does not have the value, if it
  // means nothing to the reader, or if it does not arrive as a whole number
  // that the reader's type has.
  bool Convert(uint64_t* bits) const;

  // Converts `count` numbers. Sets `*changed` if any of them is another now.
  bool ConvertAll(uint64_t* bits, size_t count, bool* changed) const;

 private:
  const NumberType from_;
  const NumberType to_;
  const UnitScale scale_;
  // The numbers that travel for enums whose numbers change.
  std::map<uint64_t, uint64_t> renumbered_;
  std::set<uint64_t> unknown_;
  bool exists_;
  bool trivial_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_NUMBER_CONVERSION_H_
