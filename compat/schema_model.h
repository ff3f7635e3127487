// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_SCHEMA_MODEL_H_
#define DEVSTATE_COMPAT_SCHEMA_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

struct MessageModel;

struct EnumValueModel {
  int number;
  std::string name;
  uint32_t since;
  // Former numbers, oldest first.
  std::vector<int> renumbered_from;
};

struct EnumModel {
  std::string full_name;
  std::string place;
  // In ascending order of number; aliases in the order of the schema.
  std::vector<EnumValueModel> values;

  const EnumValueModel* FindNumber(int number) const;
  const EnumValueModel* FindName(absl::string_view name) const;
};

struct FieldModel {
  // What a state can tell of the field.
  enum class Presence {
    // A scalar at its zero cannot be told from an absent one.
    kImplicit,
    // Optional scalars, messages, members of a oneof.
    kExplicit,
    kRepeated,
    // A repeated entry message with the fields key and value.
    kMap,
  };

  int number;
  std::string name;
  google::protobuf::FieldDescriptor::Type type;
  Presence presence;
  // Name of the oneof, or empty.
  std::string oneof;
  const MessageModel* message = nullptr;
  const EnumModel* enumeration = nullptr;
  FieldAnnotations annotations;
  // As in a .proto file: "repeated uint32", "map<string, Port>".
  std::string type_text;
  // "file:line:column", for findings that are about the text.
  std::string place;
};

struct MessageModel {
  std::string full_name;
  std::string place;
  bool map_entry = false;
  // In ascending order of number.
  std::vector<FieldModel> fields;
  MessageAnnotations annotations;
  // Reserved numbers, both ends inclusive.
  std::vector<std::pair<int, int>> reserved;

  // Without package and outer messages.
  absl::string_view short_name() const;
  const FieldModel* FindNumber(int number) const;
  const FieldModel* FindName(absl::string_view name) const;
  const Tombstone* FindTombstone(int number) const;
  bool IsReserved(int number) const;
};

// A schema as the rules see it: all that a root message is made of, with
// devstate's annotations. It owns all that it points to and needs no descriptor
// once it is built.
struct SchemaModel {
  // Where it came from, for messages.
  std::string file;
  // SHA-256 of the canonical schema.
  std::string fingerprint;
  const MessageModel* root = nullptr;
  std::vector<std::unique_ptr<MessageModel>> messages;
  std::vector<std::unique_ptr<EnumModel>> enums;

  const std::string& schema() const { return root->annotations.schema(); }
  uint32_t version() const { return root->annotations.version(); }
  const MessageModel* FindMessage(absl::string_view full_name) const;
  const EnumModel* FindEnum(absl::string_view full_name) const;
};

// The model of `root`, a proto3 message.
SchemaModel BuildSchemaModel(const google::protobuf::Descriptor& root);

// Whether the values of `field`, a field of a root message, are records, which
// travel in batches of columns: a repeated message.
bool HoldsRecords(const FieldModel& field);

// Whether the field is one that a default-valued state can leave out: not
// required, and without presence also not bounded away from zero.
bool CanBeAbsent(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_SCHEMA_MODEL_H_
