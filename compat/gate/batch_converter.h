// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_BATCH_CONVERTER_H_
#define DEVSTATE_COMPAT_GATE_BATCH_CONVERTER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_reader.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"

namespace devstate {

// Turns batches of one version of a schema into batches of another, on a load
// and on a save. Thread-safety: none.
//
// A batch costs a look at the numbers of its columns, and a copy if it has
// ignorable ones that the other version does not have. A conversion works on
// whole columns. Records are looked at one by one only for a step, for what is
// refused, and where columns do not show enough (column_conversion.h). Takes
// memory for one batch of columns, or of messages where it needs records.
class BatchConverter {
 public:
  // Requires: all arguments outlive the converter.
  BatchConverter(ConversionChain* chain, const Limits& limits,
                 StreamFindings* findings);
  ~BatchConverter();

  BatchConverter(const BatchConverter&) = delete;
  BatchConverter& operator=(const BatchConverter&) = delete;

  // Returns `batch`, which holds records of `written`, as one of `read`. It is
  // empty if the findings refuse the state. Valid until the next call.
  //
  // Errors: DATA_LOSS and others with an ErrorDetail if the batch is not what
  // the writer's schema says.
  absl::StatusOr<Chunk> Convert(const Chunk& batch, const FieldModel& written,
                                const FieldModel& read);

  // The hooks that are called for each record on its way. All may be empty.
  struct RecordHooks {
    // Corrects the record before anything else looks at it. Returns false if it
    // needs no correction.
    std::function<bool(google::protobuf::Message* written)> fix_up;
    // Looks at the record as the reader has it.
    std::function<void(const google::protobuf::Message& read)> check;
    // Whether both schemas are the same, so that a batch in which nothing is
    // corrected stays as it is.
    bool same = false;
  };

  // Converts as Convert() does, but looks at each record.
  absl::StatusOr<Chunk> ConvertRecords(const Chunk& batch,
                                       const FieldModel& written,
                                       const FieldModel& read,
                                       const RecordHooks& hooks);

 private:
  // The records of one field of the writer's root.
  struct Field {
    // Whether both versions of the records can travel in batches.
    absl::optional<bool> has_columns;
    std::unique_ptr<BatchDecoder> decoder;
    std::unique_ptr<BatchEncoder> encoder;
    uint64_t records = 0;
  };

  // Converts as ConvertRecords() does, which has to help where whole columns do
  // not show enough.
  absl::StatusOr<Chunk> ConvertColumns(const Chunk& batch,
                                       const FieldModel& written,
                                       const FieldModel& read);
  Chunk DropColumns(const Chunk& batch, const FieldModel& written,
                    const FieldModel& read);

  ConversionChain& chain_;
  const Limits limits_;
  StreamFindings& findings_;
  google::protobuf::DynamicMessageFactory factory_;
  // The fields by the number of the writer's field.
  std::map<int, Field> fields_;
  std::vector<std::unique_ptr<google::protobuf::Message>> records_;
  ByteBuffer encoded_;
};

// Returns `chunk` with another payload.
Chunk ReplacePayload(const Chunk& chunk, absl::string_view payload);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_BATCH_CONVERTER_H_
