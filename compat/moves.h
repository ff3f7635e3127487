// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_MOVES_H_
#define DEVSTATE_COMPAT_MOVES_H_

#include <map>
#include <set>
#include <string>

#include "devstate/compat/places.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// A field and where it stands.
struct LocatedField {
  const FieldModel* field;
  MessagePlace place;
};

// The fields that have one place in the writer's schema and another in the
// reader's, as one of the two declares with moved_from.
class Moves {
 public:
  Moves(const SchemaModel& writer, const SchemaModel& reader);

  // Where the writer's field at `path` stands in the reader's schema, or null.
  const LocatedField* FindWritten(const std::string& path) const;
  // Whether a field within the writer's message at `path` has moved.
  bool AnyWrittenWithin(const std::string& path) const;
  // Whether the reader's field at `path` is filled by a move.
  bool IsFilled(const std::string& path) const;

 private:
  // By the writer's path.
  std::map<std::string, LocatedField> moved_;
  std::set<std::string> filled_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_MOVES_H_
