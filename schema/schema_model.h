// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The table of a schema: whatever generates code for it, reads or writes states
// of it, judges or shows them, reads this and nothing else of the schema.

#ifndef DEVSTATE_SCHEMA_SCHEMA_MODEL_H_
#define DEVSTATE_SCHEMA_SCHEMA_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/options.pb.h"
#include "devstate/schema/column_bounds.h"
#include "devstate/schema/presence.h"
#include "devstate/schema/value_kind.h"
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
  const google::protobuf::EnumDescriptor* descriptor = nullptr;

  const EnumValueModel* FindNumber(int number) const;
  const EnumValueModel* FindName(absl::string_view name) const;
};

// Returns the numbers that an enum names, in ascending order, each once.
std::vector<int32_t> NumbersOf(const EnumModel& type);

struct FieldModel {
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
  // What its values are in a column; unspecified for messages.
  ValueKind column_kind = ValueKind::kUnspecified;
  // The size of a number: 1 (bool), 32 (enums, too) or 64. 0 for all else.
  int bits = 0;
  // What its annotations allow, as far as columns show it: BoundsOf() without
  // any feature in use.
  std::vector<ColumnBounds> bounds;
  const google::protobuf::FieldDescriptor* descriptor = nullptr;

  Cardinality cardinality() const { return CardinalityOf(presence); }
};

struct OneofModel {
  std::string name;
  // Names of its fields, in the order of the schema: "a, b, c".
  std::string member_names;
  // Indices of its fields in MessageModel::fields, in ascending order.
  std::vector<uint16_t> members;
};

struct MessageModel {
  std::string full_name;
  // Relative to the package, nested names joined by '_'. What is derived from
  // the message has this name with a suffix: "InodeColumns".
  std::string record_name;
  std::string place;
  bool map_entry = false;
  // In ascending order of number.
  std::vector<FieldModel> fields;
  // In the order of the schema.
  std::vector<OneofModel> oneofs;
  MessageAnnotations annotations;
  // Reserved numbers, both ends inclusive.
  std::vector<std::pair<int, int>> reserved;
  const google::protobuf::Descriptor* descriptor = nullptr;

  // Without package and outer messages.
  absl::string_view short_name() const;
  const FieldModel* FindNumber(int number) const;
  const FieldModel* FindName(absl::string_view name) const;
  const Tombstone* FindTombstone(int number) const;
  bool IsReserved(int number) const;
};

// All that a root message is made of, with devstate's annotations. It owns what
// it points to but for the descriptors, which must outlive it.
struct SchemaModel {
  // Where it came from, for messages.
  std::string file;
  // SHA-256 of the canonical schema.
  std::string fingerprint;
  const MessageModel* root = nullptr;
  std::vector<std::unique_ptr<MessageModel>> messages;
  std::vector<std::unique_ptr<EnumModel>> enums;
  // The fields of the root whose elements travel in batches, in ascending order
  // of number.
  std::vector<const FieldModel*> batches;
  // The messages that travel in columns: those of `batches` and what these are
  // made of, parts before what contains them. A message that contains itself,
  // which CheckSchema() refuses, stands anywhere.
  std::vector<const MessageModel*> records;

  const std::string& schema() const { return root->annotations.schema(); }
  uint32_t version() const { return root->annotations.version(); }
  const MessageModel* FindMessage(absl::string_view full_name) const;
  const EnumModel* FindEnum(absl::string_view full_name) const;
};

// Returns the model of `root`, whatever it is: CheckSchema() says whether
// states of it can be written and read.
SchemaModel BuildSchemaModel(const google::protobuf::Descriptor& root);

// Returns whether the values of `field`, a field of a root message, are
// records, which travel in batches of columns: a repeated message.
bool HoldsRecords(const FieldModel& field);

// Returns whether a default-valued state can leave the field out: it is not
// required, and without presence also not bounded away from zero.
bool CanBeAbsent(const FieldModel& field);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_MODEL_H_
