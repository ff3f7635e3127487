// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STREAM_GATE_H_
#define DEVSTATE_COMPAT_GATE_STREAM_GATE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/gate/conversion_chain.h"
#include "devstate/compat/gate/quirks.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/chunk_filter.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/verdict.pb.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Returns the schema of a generated codec, by its SchemaInfo::root_message. It
// is made once for each.
const SchemaView& GeneratedSchema(absl::string_view root_message);

struct GateOptions {
  // The reader's knowledge of other versions. Must outlive the gate.
  // Default: null, only what the stream says of itself.
  const SchemaArchive* archive = nullptr;
  // The conversions that annotations cannot express. Must outlive the gate.
  // Default: null.
  const StepTable* steps = nullptr;
  // The writers whose states are known to be wrong. Must outlive the gate.
  // Default: null.
  const QuirkTable* quirks = nullptr;
  // The worst level that is let through, LOSSY at most. Default: LOSSY.
  VerdictLevel accept = VERDICT_LEVEL_LOSSY;
  // Whether to look at every record and at what only all records together show,
  // and to go on after a refusal to find every reason. This is for a check
  // without a device. Default: false, generated readers look at the values.
  bool check_records = false;
  // The bounds of the stream. Default: see Limits.
  Limits limits;
};

// Decides whether a stream may be loaded with a schema. Judges the header at
// once and then each chunk before the reader gets it, and turns chunks of
// another version into those of the reader's.
//
// Where the fingerprints are equal, chunks pass as they are. Where they differ,
// see BatchConverter. Thread-safety: none.
//
// Takes the memory of BatchConverter, and with `check_records` that of
// ConstraintChecker.
class StreamGate : public ChunkFilter {
 public:
  StreamGate(const SchemaView& reader, const GateOptions& options);
  ~StreamGate() override;

  StreamGate(const StreamGate&) = delete;
  StreamGate& operator=(const StreamGate&) = delete;

  // Judges the header. FAILED_PRECONDITION if the state is refused already.
  //
  // Requires: the first call, once. `header` outlives the gate.
  absl::Status OnHeader(const StreamHeader& header);

  // Returns the chunk as the reader's schema has it. FAILED_PRECONDITION if the
  // state is refused. DATA_LOSS and others with an ErrorDetail if the chunk is
  // not what its schema says.
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override;

  // Returns the root message as the reader's schema has it.
  std::shared_ptr<google::protobuf::Message> TakeRoot() override;

  // Judges what only the whole stream shows. Call it after the last chunk.
  absl::Status OnEnd();

  // Returns all that was found so far.
  Verdict verdict() const;

  // Returns the verdict of a load that ended with `outcome`, the gate's refusal
  // or any other error. It has the findings, and the failure as one more if
  // none of them says as much.
  Verdict Judge(const absl::Status& outcome) const;

  // Returns whether the reader's version is not older than the writer's.
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
