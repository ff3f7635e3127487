// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_STATE_READER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_STATE_READER_H_

#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/stream_messages.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {

// Receives what a DynamicStateReader reads. An error stops the reading, and
// Read() returns it.
class DynamicStateVisitor {
 public:
  using Records = std::vector<std::unique_ptr<google::protobuf::Message>>;

  virtual ~DynamicStateVisitor() = default;

  // Takes the singular fields; `root` has no records. Called once, and first.
  virtual absl::Status OnRoot(const google::protobuf::Message& root) = 0;
  // Takes a batch of records of the root's repeated field `field`. Called for
  // each batch in ascending order of field. The records may be changed and
  // taken, but must not outlive the reader, which owns their type.
  virtual absl::Status OnBatch(const google::protobuf::FieldDescriptor& field,
                               Records& records) = 0;
  // Takes a batch before it is made into records, for what needs none. The
  // default makes them, for OnBatch(). Requires: `batch` has its columns.
  virtual absl::Status OnColumns(const FieldModel& field, BatchDecoder& batch);
};

namespace internal {

// The info is a base, so that it exists before the reader that refers to it.
struct OwnSchemaInfo {
  // The schema's name and version for messages, set by Read().
  SchemaInfo info_ = {};
};

}  // namespace internal

// Reads a state whose schema is known at run time only, one batch at a time and
// as strictly as generated readers. Takes memory for two chunks, and what
// kMessageMemoryFactor says for the messages of one. Thread-safety: none.
class DynamicStateReader : private internal::OwnSchemaInfo,
                           public RecordReader {
 public:
  // Requires: `source` outlives the reader.
  explicit DynamicStateReader(ByteSource* source,
                              const Limits& limits = Limits())
      : RecordReader(source, info_, limits, Rounds::kTake) {}

  // Reads header, all chunks and trailer, once. OK only if the stream is
  // complete and nothing of it was damaged. Until then, what the visitor got
  // must not be used. FAILED_PRECONDITION if the header names another root
  // message than that of `schema`.
  //
  // Requires: `schema` outlives the reader.
  absl::Status Read(const SchemaModel& schema, DynamicStateVisitor& visitor);

 private:
  absl::Status HandleRoot(const Chunk& chunk) override;
  absl::Status HandleBatch(const Chunk& chunk) override;
  std::unique_ptr<MergeCodec> MakeMergeCodec(uint32_t field) override;

  // Returns the field of records with this number, or null.
  const FieldModel* FindRecords(uint32_t number) const;

  const SchemaModel* schema_ = nullptr;
  DynamicStateVisitor* visitor_ = nullptr;
  google::protobuf::DynamicMessageFactory factory_;
  std::map<uint32_t, std::unique_ptr<BatchDecoder>> decoders_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_STATE_READER_H_
