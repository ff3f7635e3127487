// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Batches of records whose type is known at run time only, from its schema.
// Generated code does the same fast. This does it for every schema, with the
// same bytes, the same strictness and the same errors.

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_BATCH_CODEC_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_BATCH_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/merge_codec.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/stream_reader.h"
#include "google/protobuf/message.h"

namespace devstate {

// The factor between the size that Limits::max_batch_memory bounds and the
// memory that the messages of a batch take at most. Messages are so much larger
// than columns.
inline constexpr uint64_t kMessageMemoryFactor = 16;

namespace dynamic {
class JsonOutput;
class MessageColumnsBuilder;
class MessageColumnsReader;
}  // namespace dynamic

// Decodes batches of one record type, one after the other. Thread-safety: none.
class BatchDecoder {
 public:
  // `prototype` is any message of the type `record`, generated or dynamic.
  // Requires: both outlive the decoder.
  BatchDecoder(const MessageModel& record,
               const google::protobuf::Message& prototype);
  ~BatchDecoder();

  BatchDecoder(const BatchDecoder&) = delete;
  BatchDecoder& operator=(const BatchDecoder&) = delete;

  // Replaces `*records` by the records of `chunk`, a batch, made with
  // `prototype.New()`. `field_name` is the first part of the paths in errors.
  // Map entries stay in the order in which they come for as long as the map
  // field is used through repeated-field reflection only.
  //
  // Errors are those of a generated reader, with its ErrorDetail, and leave
  // `*records` empty. INVALID_ARGUMENT without a detail: see CheckRecordType().
  absl::Status Decode(
      const Chunk& chunk, absl::string_view field_name, const Limits& limits,
      std::vector<std::unique_ptr<google::protobuf::Message>>* records);

  // Decodes the columns of `chunk`, out of which one of the functions below
  // takes the records, once. Requires: `chunk` outlives that.
  //
  // Errors: those of Decode().
  absl::Status DecodeColumns(const Chunk& chunk, absl::string_view field_name,
                             const Limits& limits);
  // Returns the number of records.
  size_t size() const { return size_; }
  // Replaces `*records` by the records, made with `prototype.New()`.
  void ReadRecords(
      std::vector<std::unique_ptr<google::protobuf::Message>>* records);
  // Returns the key of each record in bytes: equal bytes for equal keys alone.
  // `key` are indices into the fields of the record (RecordKey()). Does not
  // count as taking the records, and comes before that.
  std::vector<std::string> Keys(absl::Span<const uint16_t> key) const;
  // Prints record `row` as protobuf prints it, several times faster. To be
  // called for one after the other, from 0. Messages of the package
  // google.protobuf, for which protobuf has a JSON of its own, are printed like
  // all others.
  void PrintJson(size_t row, dynamic::JsonOutput& out);

 private:
  const MessageModel& record_;
  const google::protobuf::Message& prototype_;
  size_t record_size_ = 0;
  size_t size_ = 0;
  std::unique_ptr<dynamic::MessageColumnsReader> reader_;
};

// Decodes one batch alone.
absl::Status DecodeBatch(
    const Chunk& chunk, absl::string_view field_name,
    const MessageModel& record, const google::protobuf::Message& prototype,
    const Limits& limits,
    std::vector<std::unique_ptr<google::protobuf::Message>>* records);

// Returns the codec with which rounds are merged, of a field of records. It
// checks no annotations, as the decoder. Requires: the arguments outlive it.
std::unique_ptr<MergeCodec> MakeMergeCodec(
    const FieldModel& field, const google::protobuf::Message& prototype);

// Builds batches of one record type. Thread-safety: none.
class BatchEncoder {
 public:
  // Requires: `record` outlives the encoder.
  explicit BatchEncoder(const MessageModel& record);
  ~BatchEncoder();

  BatchEncoder(const BatchEncoder&) = delete;
  BatchEncoder& operator=(const BatchEncoder&) = delete;

  // Copies `record`, a message of the type (MessageColumnsBuilder).
  // INVALID_ARGUMENT, with the field's path, for a field that the schema does
  // not have, and for a type that CheckRecordType() refuses. An error leaves
  // the batch as it was.
  absl::Status Append(const google::protobuf::Message& record);

  // Appends the …Columns message of the records, as a generated builder would.
  // INVALID_ARGUMENT, with the field's path and the record, for what every
  // reader refuses: text that is not UTF-8, an enum value without a name, a key
  // of a map twice.
  absl::Status Encode(MessageWriter& out);

  // Starts the next batch.
  void Clear();

 private:
  // The builder of the columns; null if CheckRecordType() refuses the type.
  std::unique_ptr<dynamic::MessageColumnsBuilder> columns_;
  absl::Status type_status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_BATCH_CODEC_H_
