// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The mapping of one field, and what decides about it.

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

// A rule that applies, and its meaning for all states.
struct Difference {
  const Rule* rule;
  VerdictLevel level;
  // The words for what the writer and what the reader has.
  std::string written;
  std::string read;
  // One line with the remedy.
  std::string text;
  // The condition that a state must meet, for a CONDITIONAL difference.
  std::string condition;
  // The path from the root; empty for that of the field.
  std::string path;
};

// The number of values that a field of the writer must have in a message for
// the reader to take it. A scalar without presence has one if it is not zero or
// empty.
struct CountCondition {
  const Rule* rule;
  uint64_t low;
  uint64_t high;
  // The end of a sentence about the field.
  const char* predicate;
  // The reader's need, for a state that breaks the condition.
  const char* needed;
};

// The mapping of a field of the writer.
struct FieldMapping {
  enum Action {
    // To the reader's field of the same number.
    kCopy,
    // To a field of the reader in another place.
    kMove,
    // To the parts that have moved, of a message that the reader does not have.
    kSpread,
    // To the field that the reader has instead, narrower or wider, as
    // fallback_for says.
    kFallback,
    // To nothing, because the reader does not have it.
    kDrop,
    // To nothing that the reader could take, so that no state loads.
    kRefuse,
    // To nothing here, because a conversion step takes care of it.
    kLeaveOut,
  };
  // The result for an absent value, where presence tells.
  enum AbsentValue {
    kAbsent,
    // The writer's absent_default, as a value like any other.
    kWritersDefault,
    // The reader's absent_default.
    kReadersDefault,
  };

  const FieldModel* written = nullptr;
  // The reader's field; null for kSpread and kDrop.
  const FieldModel* read = nullptr;
  Action action = kDrop;
  // Whether the field holds the records of the root, which travel in batches.
  bool records = false;

  // --- What converts values ---

  AbsentValue absent = kAbsent;
  absl::optional<UnitScale> scale;
  // The mapping of enum values; empty unless both fields are enums.
  EnumMapping enums;
  // The target of kMove: the messages from the reader's root or repeated
  // element to it, and the reader's path.
  std::vector<const FieldModel*> move_path;
  std::string moved_to;

  // --- What decides about a state, besides the reader's own type and bounds
  // ---

  absl::optional<CountCondition> count;
  // Whether the reader takes the field only with a feature that the writer does
  // not declare.
  bool feature_changed = false;

  // The rules that apply, for all states.
  std::vector<Difference> differences;
  // Adds a difference that is about the field as a whole.
  void Add(const Rule& rule, VerdictLevel level, std::string written,
           std::string read, std::string text, std::string condition = "") {
    differences.push_back({&rule, level, std::move(written), std::move(read),
                           std::move(text), std::move(condition), ""});
  }

  // The message that the field is part of, with its mapping.
  const MessageMapping* message = nullptr;
  bool upgrade = true;
  // The mapping of the messages that the field holds, made by Mapping::Inner().
  std::unique_ptr<MessageMapping> inner;
  // The result of Mapping::PassesUnchanged().
  absl::optional<bool> unchanged;

  // Returns whether a value that the state does not have is one to the reader.
  // A field without presence always has a value, zero, which an optional field
  // tells from none. The zero of an enum can have another number, and an absent
  // value can mean a default. Members of a oneof would displace each other.
  bool ArrivesAbsent() const;
  // Returns whether the field is within a record.
  bool columns() const;
  // Returns the path from the root, with the names of the newer schema.
  std::string path() const;
  // Returns the path of the oneof that the message `step` of move_path is a
  // member of. If `step` is their number, it is that of the target itself. For
  // kMove.
  std::string OneofPath(size_t step) const;
};

// The source of a field of the reader.
struct SourceMapping {
  enum Source {
    // A field of the writer in another place.
    kMove,
    // The writer's narrower or wider field, as fallback_for says, if the value
    // fits.
    kFallback,
    // The reader's absent_default.
    kDefault,
    // None: the field is absent, which says something.
    kAbsent,
    // None: each message is without something that it had.
    kLost,
    // None that the reader could take, so that no state loads.
    kRefuse,
    // A conversion step.
    kLeaveOut,
  };

  const FieldModel* read;
  Source source = kAbsent;
  // The writer's field for kFallback.
  const FieldModel* from = nullptr;
  std::vector<Difference> differences;
  const MessageMapping* message = nullptr;

  // Returns the path from the root, with the names of the newer schema.
  std::string path() const;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_FIELD_MAPPING_H_
