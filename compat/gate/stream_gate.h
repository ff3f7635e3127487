// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STREAM_GATE_H_
#define DEVSTATE_COMPAT_GATE_STREAM_GATE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "compat/gate/conversion_chain.h"
#include "compat/gate/quirks.h"
#include "compat/gate/schema_archive.h"
#include "compat/schema_model.h"
#include "devstate/stream.pb.h"
#include "devstate/verdict.pb.h"
#include "google/protobuf/descriptor.h"
#include "serializer/byte_stream.h"
#include "serializer/chunk_filter.h"
#include "serializer/limits.h"
#include "serializer/stream_reader.h"

namespace devstate {

// The schema of a generated codec, by its SchemaInfo::root_message; made once
// for each.
const SchemaView& GeneratedSchema(absl::string_view root_message);

struct GateOptions {
  // What the reader knows of other versions. May be null: then there is only
  // what the stream says of itself. Must outlive the gate.
  const SchemaArchive* archive = nullptr;
  // The writer's own schema, where it is at hand. Must outlive the gate.
  const SchemaView* writer = nullptr;
  // What annotations cannot express. May be null. Must outlive the gate.
  const StepTable* steps = nullptr;
  // Writers whose states are known to be wrong. Must outlive the gate.
  const QuirkTable* quirks = nullptr;
  // The worst level that is let through, LOSSY at most.
  VerdictLevel accept = LOSSY;
  // Look at every record and at what only all records together show, and go on
  // after a refusal to find every reason: for a check without a device. If
  // false, generated readers look at the values.
  bool check_records = false;
  Limits limits;
};

// May this stream be loaded with this schema? Judges the header at once and
// then each chunk before the reader gets it, and turns chunks of another
// version into those of the reader's.
//
// Where the fingerprints are equal, chunks pass as they are. Where they differ,
// a chunk costs a look at the numbers of its columns, and a copy if it has
// ignorable ones that the reader does not know. If the two schemas need a
// conversion there, it is one of whole columns. Records are looked at one by
// one only for a step or a quirk, for what is refused, and where columns do not
// show enough (column_conversion.h). Not thread-safe.
//
// Takes memory for one batch of columns, or of messages where it needs records,
// and with `check_records` what ConstraintChecker needs.
class StreamGate : public ChunkFilter {
 public:
  StreamGate(const SchemaView& reader, const GateOptions& options);
  ~StreamGate() override;

  StreamGate(const StreamGate&) = delete;
  StreamGate& operator=(const StreamGate&) = delete;

  // Must come first and once; `header` must outlive the gate.
  // FAILED_PRECONDITION if the state is refused already.
  absl::Status OnHeader(const StreamHeader& header);

  // The chunk as the reader's schema has it. FAILED_PRECONDITION if the state
  // is refused, DATA_LOSS and others with an ErrorDetail if the chunk is not
  // what its schema says.
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override;

  // After the last chunk.
  absl::Status OnEnd();

  // All that was found so far.
  Verdict verdict() const;

  // Older to newer, or the other way round.
  bool upgrade() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads a whole stream and judges it, without any device.
Verdict CheckStream(ByteSource* source, const SchemaView& reader,
                    GateOptions options, bool* upgrade);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_STREAM_GATE_H_
