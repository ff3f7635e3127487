// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_STATE_CORPUS_H_
#define DEVSTATE_COMPAT_GATE_STATE_CORPUS_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// A stream and what a back-end of the schema says to it.
struct CorpusState {
  // What is special about it, unique: "vrings.split.size=32769".
  std::string name;
  std::string stream;
  // The rules that refuse it; empty if it loads.
  std::vector<std::string> rules;
  // The state as JSON; empty unless it loads.
  std::string json;
};

// Makes states of a schema and hands each to `take`, whose error ends it: an
// empty one and random ones, then, from one that has as much as possible, one
// change each. Each field is absent, at both ends of what it may be and beyond;
// each member of a oneof and each value of an enum comes; tables are empty, of
// one record, full and with a record twice. Last come streams that are damaged,
// and those of another device, schema or release.
//
// The same schema is the same corpus. FAILED_PRECONDITION if no random state
// loads, because annotations contradict each other.
absl::Status MakeStateCorpus(
    const LoadedSchema& schema,
    absl::FunctionRef<absl::Status(const CorpusState& state)> take);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_STATE_CORPUS_H_
