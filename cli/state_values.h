// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_STATE_VALUES_H_
#define DEVSTATE_CLI_STATE_VALUES_H_

#include <map>
#include <set>
#include <string>

#include "devstate/schema/schema_model.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate {

// A value in a message, as text.
struct StateValue {
  std::string text;
  bool sensitive = false;
  // Cannot be told from a field that is not there.
  bool is_default = false;
};

// The values in a message by path: "path.name", "flags[2]".
using StateValues = std::map<std::string, StateValue>;

// Returns a value of `message` as protobuf text. `index` counts the elements of
// a repeated field and is -1 for others.
std::string ValueText(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor* field,
                      int index);

// Lists what messages of one schema hold. Thread-safety: const calls may come
// from several threads.
class ValueLister {
 public:
  // Requires: the schema outlives this.
  explicit ValueLister(const SchemaModel& schema);

  // Returns all fields of `message`, a message of the type `type`, but volatile
  // ones. Of the bytes of a value in pieces only number and digest are kept.
  StateValues List(const MessageModel& type,
                   const google::protobuf::Message& message) const;

 private:
  void AddValue(const FieldModel& field,
                const google::protobuf::Message& message, int index,
                const std::string& path, bool sensitive,
                StateValues* values) const;
  void AddValues(const MessageModel& type,
                 const google::protobuf::Message& message,
                 const std::string& prefix, bool sensitive,
                 StateValues* values) const;

  const std::set<const google::protobuf::FieldDescriptor*> piece_data_;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_VALUES_H_
