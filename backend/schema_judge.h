// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_SCHEMA_JUDGE_H_
#define DEVSTATE_BACKEND_SCHEMA_JUDGE_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "devstate/backend/state_judge.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/schema/schema_info.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Returns the schema of a device with its descriptors, which it may make when
// it is called first.
using SchemaViewSource = std::function<absl::StatusOr<SchemaView>()>;

// Returns the verdict that the judge has made, or one of its level alone.
Verdict ToVerdict(const StateVerdict& verdict);

// How judges hand on the root of a load.
enum class RootForm {
  // Parsed, as generated code takes it (ChunkFilter::TakeRoot).
  kMessage,
  // Serialized, as what has no Protocol Buffers takes it.
  kBytes,
};

// Returns a judge by the gate, with `archive`, which may be null, and
// `options`, of the states of a device of `schema`. Requires: `schema` and what
// `view` returns outlive the judge.
std::unique_ptr<StateJudge> MakeSchemaJudge(
    const SchemaInfo& schema, SchemaViewSource view,
    std::shared_ptr<const SchemaArchive> archive, GateOptions options,
    RootForm form);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_SCHEMA_JUDGE_H_
