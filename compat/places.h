// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The places of a schema's messages in a state.

#ifndef DEVSTATE_COMPAT_PLACES_H_
#define DEVSTATE_COMPAT_PLACES_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

// The place of a message in the state.
struct MessagePlace {
  // The path from the root, empty for the root itself: with the names of the
  // newer schema, of the writer's and of the reader's.
  std::string path;
  std::string writer_path;
  std::string reader_path;
  const MessageModel* writer = nullptr;
  // The reader's message; null if the reader does not have it.
  const MessageModel* reader = nullptr;
  // The last field on the path that is repeated or a map, as a path with the
  // reader's names.
  std::string repeated_path;
  // Whether the message travels in columns: in a repeated message of the root.
  bool columns = false;
  // Whether a state can have several such messages.
  bool repeated = false;
  // Whether the root, or the repeated element that the message is part of, can
  // be without it.
  bool optional = false;
  // The number of messages that it is nested in, itself included.
  int depth = 1;

  bool root() const { return path.empty(); }
};

inline std::string JoinPath(const std::string& path, const FieldModel& field) {
  return path.empty() ? field.name : absl::StrCat(path, ".", field.name);
}

// Returns whether a message can have several values of the field.
inline bool HasSeveral(const FieldModel& field) {
  return field.presence == Presence::kRepeated ||
         field.presence == Presence::kMap;
}

// Returns the field of `message` that is filled as well for as long as the
// value of its field `wide` fits, or null.
const FieldModel* NarrowOf(const MessageModel& message, const FieldModel& wide);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_PLACES_H_
