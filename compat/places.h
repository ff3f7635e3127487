// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the messages of a schema stand in a state.

#ifndef DEVSTATE_COMPAT_PLACES_H_
#define DEVSTATE_COMPAT_PLACES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// Where a message stands in the state.
struct MessagePlace {
  // Empty for the root. With the names of the newer schema, the writer's and
  // the reader's.
  std::string path;
  std::string writer_path;
  std::string reader_path;
  const MessageModel* writer = nullptr;
  // Null if the reader does not have the message.
  const MessageModel* reader = nullptr;
  // The last field on the path that is repeated or a map, as a path with the
  // reader's names.
  std::string repeated_path;
  // Whether it travels in columns: in a repeated message of the root.
  bool columns = false;
  // Whether a state can have several.
  bool repeated = false;
  // Whether the root, or the repeated element that it is part of, can be
  // without it.
  bool optional = false;
  // Messages that it is nested in, itself included.
  int depth = 1;

  bool root() const { return path.empty(); }
};

inline std::string JoinPath(const std::string& path, const FieldModel& field) {
  return path.empty() ? field.name : absl::StrCat(path, ".", field.name);
}

// Whether a message can have several values of the field.
inline bool HasSeveral(const FieldModel& field) {
  return field.presence == Presence::kRepeated ||
         field.presence == Presence::kMap;
}

// Returns the field of `message` that is filled as well for as long as the
// value of its field `wide` fits, or null.
const FieldModel* NarrowOf(const MessageModel& message, const FieldModel& wide);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_PLACES_H_
