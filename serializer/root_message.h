// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The root message of a state as one of protobuf's. RecordWriter and
// RecordReader take it so. What streams without Protocol Buffers has the root
// as bytes.

#ifndef DEVSTATE_SERIALIZER_ROOT_MESSAGE_H_
#define DEVSTATE_SERIALIZER_ROOT_MESSAGE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/chunk.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {

// Serializes `message` so that equal messages are equal bytes.
std::string SerializeDeterministic(const google::protobuf::Message& message);

// Makes root messages of a schema. Those of a generated schema are of its
// generated type. Thread-safety: none.
class RootFactory {
 public:
  // Requires: `root` outlives the factory, and this outlives its messages.
  explicit RootFactory(const google::protobuf::Descriptor& root) : root_(root) {
    messages_.SetDelegateToGeneratedFactory(true);
  }

  std::unique_ptr<google::protobuf::Message> New() {
    return std::unique_ptr<google::protobuf::Message>(
        messages_.GetPrototype(&root_)->New());
  }
  // Parses what a writer has serialized.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Parse(
      absl::string_view root);

 private:
  const google::protobuf::Descriptor& root_;
  google::protobuf::DynamicMessageFactory messages_;
};

// Refuses at save what every reader would refuse. INVALID_ARGUMENT, with the
// path, if `root`, a message of `type`, holds records or what its schema does
// not have.
absl::Status CheckWrittenRoot(absl::string_view root,
                              const google::protobuf::Descriptor& type);

// Parses the root chunk of a stream of `schema`. Refuses everything that a
// parser would take although something of it is lost or misread (wire_walk.h).
absl::Status ParseRootChunk(const Chunk& chunk, const SchemaInfo& schema,
                            google::protobuf::Message& root);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROOT_MESSAGE_H_
