// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_REDACTOR_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_REDACTOR_H_

#include <set>
#include <string>

#include "devstate/schema/schema_model.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {

// Returns the text that replaces a sensitive value of a message's field.
// `index` counts the elements of a repeated field and means nothing in others.
std::string RedactedText(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field,
                         int index);

// Returns the fields of `schema` that hold the bytes of a value in pieces.
std::set<const google::protobuf::FieldDescriptor*> PieceDataFields(
    const SchemaModel& schema);

// Returns what is shown of the bytes of `piece`: their number and XXH3.
// `data` is one of PieceDataFields().
std::string PieceText(const google::protobuf::Message& piece,
                      const google::protobuf::FieldDescriptor& data);

// Copies messages of a schema into messages that any printer of protobuf's may
// show. Sensitive fields, of whatever type, are strings in them that say
// "<redacted 16 bytes>" or "<redacted>". The bytes of a piece of a longer value
// are a string as PieceText() has it, "<3 bytes, xxh3 0123456789abcdef>".
// Everything else has the same names, numbers and types. Thread-safety: none.
class Redactor {
 public:
  // Leaves sensitive fields as they are if `show_sensitive`. Requires: `schema`
  // outlives the redactor.
  explicit Redactor(const SchemaModel& schema, bool show_sensitive = false);

  bool hides_sensitive() const { return hides_sensitive_; }
  // Returns whether fields of messages of this type, one of the schema's, are
  // shown as PieceText() has them.
  bool ShowsDigests(const google::protobuf::Descriptor& type) const;

  // Return a message like the schema's root, and one like `type`, a message of
  // the schema. They live as long as the redactor.
  const google::protobuf::Message& RootPrototype();
  const google::protobuf::Message& Prototype(
      const google::protobuf::Descriptor& type);

  // Adds the content of `message` to `out`, which was made from Prototype().
  void Copy(const google::protobuf::Message& message,
            google::protobuf::Message* out) const;

 private:
  const google::protobuf::Descriptor& root_;
  const bool hides_sensitive_;
  // The fields of the schema that tools must not show.
  std::set<const google::protobuf::FieldDescriptor*> sensitive_;
  // The others that have the bytes of pieces.
  std::set<const google::protobuf::FieldDescriptor*> pieces_;
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_REDACTOR_H_
