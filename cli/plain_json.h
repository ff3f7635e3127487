// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PLAIN_JSON_H_
#define DEVSTATE_CLI_PLAIN_JSON_H_

#include <memory>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate {

// Reads JSON whose meaning is obvious, as nearly all is that a program has
// written, many times faster than protobuf's parser. All else is left to that
// parser: floats, escapes, characters beyond ASCII, null, maps, numbers of
// enums, and whatever is wrong. Thread-safety: none.
class PlainJsonReader {
 public:
  PlainJsonReader();
  ~PlainJsonReader();

  // Sets the fields of `message`, an empty one, as protobuf's parser would.
  // Returns false if something is not plain; then `message` has anything.
  // Requires: the message's type outlives this object.
  bool Read(absl::string_view json, google::protobuf::Message* message);

 private:
  class Parser;
  struct Field;
  struct Type;

  const Type& TypeOf(const google::protobuf::Descriptor& type);

  std::unordered_map<const google::protobuf::Descriptor*,
                     std::unique_ptr<const Type>>
      types_;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_PLAIN_JSON_H_
