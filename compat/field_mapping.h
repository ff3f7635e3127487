// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What becomes of one field, and what decides about it.

#ifndef DEVSTATE_COMPAT_FIELD_MAPPING_H_
#define DEVSTATE_COMPAT_FIELD_MAPPING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "devstate/compat/enum_mapping.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/places.h"
#include "devstate/compat/rules.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

struct MessageMapping;

// A rule that applies, and what it says of all states.
struct Difference {
  const Rule* rule;
  VerdictLevel level;
  // What the writer and what the reader has.
  std::string written;
  std::string read;
  // One line with the remedy.
  std::string text;
  // Of a CONDITIONAL one: what must hold of the state.
  std::string condition;
  // From the root; empty for that of the field.
  std::string path;
};

// How many values a field of the writer must have in a message for the reader
// to take it. A scalar without presence has one if it is not zero or empty.
struct CountCondition {
  const Rule* rule;
  uint64_t low;
  uint64_t high;
  // The end of a sentence about the field.
  const char* predicate;
  // What the reader needs, for a state that breaks it.
  const char* needed;
};

// What becomes of a field of the writer.
struct FieldMapping {
  enum Action {
    // The reader's field of the same number.
    kCopy,
    // A field of the reader in another place.
    kMove,
    // A message that the reader does not have, with parts that have moved.
    kSpread,
    // The field that the reader has instead, narrower or wider, as fallback_for
    // says.
    kFallback,
    // Nothing: the reader does not have it.
    kDrop,
    // Nothing that the reader could take: no state loads.
    kRefuse,
    // Nothing here: a conversion step takes care of it.
    kLeaveOut,
  };
  // What an absent value becomes, where presence tells.
  enum AbsentValue {
    kAbsent,
    // The writer's absent_default, as a value like any other.
    kWritersDefault,
    // The reader's absent_default.
    kReadersDefault,
  };

  const FieldModel* written = nullptr;
  // Null for kSpread and kDrop.
  const FieldModel* read = nullptr;
  Action action = kDrop;
  // Whether it holds the records of the root, which travel in batches.
  bool records = false;

  // --- What converts values ---

  AbsentValue absent = kAbsent;
  absl::optional<UnitScale> scale;
  // Empty unless both are enums.
  EnumMapping enums;
  // Of kMove: the messages from the reader's root or repeated element to the
  // target, and the reader's path.
  std::vector<const FieldModel*> move_path;
  std::string moved_to;

  // --- What decides about a state, besides the reader's own type and bounds
  // ---

  absl::optional<CountCondition> count;
  // Whether the reader takes the field with a feature only that the writer does
  // not declare.
  bool feature_changed = false;

  // The rules that apply, for all states.
  std::vector<Difference> differences;
  // Adds one that is about the field as a whole.
  void Add(const Rule& rule, VerdictLevel level, std::string written,
           std::string read, std::string text, std::string condition = "") {
    differences.push_back({&rule, level, std::move(written), std::move(read),
                           std::move(text), std::move(condition), ""});
  }

  // The message that the field is part of, with its mapping.
  const MessageMapping* message = nullptr;
  bool upgrade = true;
  // Of the messages that the field holds; made by Mapping::Inner().
  std::unique_ptr<MessageMapping> inner;
  // What Mapping::PassesUnchanged() has said.
  absl::optional<bool> unchanged;

  // Whether a value that the state does not have is one to the reader: a field
  // without presence always has a value, zero, which an optional field tells
  // from none; the zero of an enum can have another number; an absent value can
  // mean a default. Members of a oneof would displace each other.
  bool ArrivesAbsent() const;
  // Whether it is within a record.
  bool columns() const;
  // From the root, with the names of the newer schema.
  std::string path() const;
  // Of kMove: the path of the oneof that the message `step` of move_path is a
  // member of, or the target itself if `step` is their number.
  std::string OneofPath(size_t step) const;
};

// Where a field of the reader gets its value from.
struct SourceMapping {
  enum Source {
    // A field of the writer in another place.
    kMove,
    // The writer's narrower or wider field, as fallback_for says, if the value
    // fits.
    kFallback,
    // The reader's absent_default.
    kDefault,
    // Nowhere: it is absent, which says something.
    kAbsent,
    // Nowhere: each message is without something that it had.
    kLost,
    // Nowhere that the reader could take: no state loads.
    kRefuse,
    // A conversion step.
    kLeaveOut,
  };

  const FieldModel* read;
  Source source = kAbsent;
  // Of kFallback: the writer's field.
  const FieldModel* from = nullptr;
  std::vector<Difference> differences;
  const MessageMapping* message = nullptr;

  // From the root, with the names of the newer schema.
  std::string path() const;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_FIELD_MAPPING_H_
