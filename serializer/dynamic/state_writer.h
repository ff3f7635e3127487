// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_STATE_WRITER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_STATE_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate {

// Writes a state whose schema is known at run time only. The bytes are those
// that a generated writer makes of the same records and options. After the
// first error every call fails. Thread-safety: none.
class DynamicStateWriter : public RecordWriter {
 public:
  // `info` has the schema's part of the header (see SchemaFacts). Requires:
  // everything but the options outlives the writer.
  DynamicStateWriter(ByteSink* sink, const SchemaModel& schema,
                     const SchemaInfo& info, WriterOptions options);
  ~DynamicStateWriter();

  // Writes header and root chunk. INVALID_ARGUMENT if `root` is not a message
  // of the root's type, holds records, or holds what its schema does not have.
  //
  // Requires: the first call, once.
  absl::Status Begin(const google::protobuf::Message& root);

  // The same for the next round of a state in rounds (RecordWriter).
  absl::Status BeginRound(const google::protobuf::Message& root);

  // Copies a record of `field`, one of the root's repeated message fields. The
  // fields come in ascending order of number. INVALID_ARGUMENT, with the path,
  // if the record holds what its schema does not have. Other errors are those
  // of a generated writer and come with the batch.
  absl::Status Add(const google::protobuf::FieldDescriptor& field,
                   const google::protobuf::Message& record);

  // Copies the key of `record`, which a round after the first deletes. Errors
  // are those of Add().
  absl::Status Delete(const google::protobuf::FieldDescriptor& field,
                      const google::protobuf::Message& record);

  // Writes the last batch and the trailer.
  absl::Status Finish();

 private:
  // The records of one field.
  struct Batches;

  absl::Span<const uint16_t> KeyOf(uint32_t field) const override;
  absl::Status CheckRoot(const google::protobuf::Message& root) const;
  // Returns the batches to which `record` belongs.
  absl::StatusOr<Batches*> FindBatches(
      const google::protobuf::FieldDescriptor& field,
      const google::protobuf::Message& record);

  const SchemaModel& schema_;
  std::map<uint32_t, std::vector<uint16_t>> keys_;
  std::map<int, std::unique_ptr<Batches>> batches_;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_STATE_WRITER_H_
