// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_SAVE_PROFILE_H_
#define DEVSTATE_COMPAT_GATE_SAVE_PROFILE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Makes the writer of one version of a schema one of an older version: for
// RecordWriter::WriteAs(). For one save.
class SaveProfile {
 public:
  // `own` is the schema of the generated writer, `target` the version to write
  // and `target_info` its facts, from SchemaFacts. `gate` has archive and
  // steps; its other members do not matter. All must outlive this.
  SaveProfile(const SchemaInfo& own, const SchemaView& target,
              const SchemaInfo& target_info, const GateOptions& gate,
              const WriterOptions& writer);

  SaveProfile(const SaveProfile&) = delete;
  SaveProfile& operator=(const SaveProfile&) = delete;

  // OK if there is a way from the writer's version to the target's;
  // FAILED_PRECONDITION with the reasons if there is none, whatever the state.
  absl::Status Begin();

  // Begin() must have succeeded. The filter fails with FAILED_PRECONDITION and
  // the path of what the target cannot hold.
  const SchemaInfo* info() const { return &info_; }
  ChunkFilter* filter() { return &gate_; }

  // What was found so far.
  Verdict verdict() const { return gate_.verdict(); }

 private:
  const SchemaInfo& info_;
  const SchemaView own_;
  StreamHeader header_;
  StreamGate gate_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_SAVE_PROFILE_H_
