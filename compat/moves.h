// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_MOVES_H_
#define DEVSTATE_COMPAT_MOVES_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "devstate/schema/schema_model.h"

namespace devstate {

// A field and the fields on the way to it, from the root. The field itself
// comes last.
struct LocatedField {
  std::vector<const FieldModel*> steps;

  const FieldModel& field() const { return *steps.back(); }
  // Returns the path with the names of its schema.
  std::string path() const;
  // Returns the path of the last field before it that is repeated or a map; or
  // empty.
  std::string repeated_path() const;
  // Returns the fields from that one to the field itself, both exclusive.
  std::vector<const FieldModel*> StepsFromElement() const;
};

// The fields that have one place in the writer's schema and another in the
// reader's, as one of the two declares with moved_from.
//
// A field whose number the other schema still has in the same place has not
// moved, whatever is declared. A place is filled by one field. Of several
// former places the newest that the other schema has counts.
class Moves {
 public:
  Moves(const SchemaModel& writer, const SchemaModel& reader);

  // Returns the place of the writer's field at `path` in the reader's schema,
  // or null.
  const LocatedField* FindWritten(const std::string& path) const;
  // Returns whether a field within the writer's message at `path` has moved.
  bool AnyWrittenWithin(const std::string& path) const;
  // Returns whether the reader's field at `path` is filled by a move.
  bool IsFilled(const std::string& path) const;

 private:
  // The moved fields by the writer's path.
  std::map<std::string, LocatedField> moved_;
  std::set<std::string> filled_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_MOVES_H_
