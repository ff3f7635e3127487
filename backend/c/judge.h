// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The door between the C interface, which links no Protocol Buffers, and what
// judges and converts states of other versions with them. That is
// libdevstate_judge, which is loaded when it is needed, or the same code in the
// program (judge_linked.cc). Both sides are of one build, so that C++ passes
// through the door.

#ifndef DEVSTATE_BACKEND_C_JUDGE_H_
#define DEVSTATE_BACKEND_C_JUDGE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/backend/state_judge.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/chunk.h"
#include "devstate/serializer/limits.h"

namespace devstate::c {

// Members of devstate_state_options that judges need.
struct JudgeOptions {
  // The worst VerdictLevel that is loaded.
  int accept = kLossyLevel;
  Limits limits;
  // Null: none.
  const char* released_folder = nullptr;
  const char* manifest = nullptr;
};

// A schema by its descriptors, which it parses when it is asked first.
// Thread-safe.
class DescribedSchema {
 public:
  virtual ~DescribedSchema() = default;

  // Says what is wrong with a serialized root. OK if nothing is.
  virtual absl::Status CheckWrittenRoot(absl::string_view root) = 0;
  // Returns the root chunk's message as a writer would write it. The error says
  // what is wrong with one that no reader takes.
  virtual absl::StatusOr<std::string> ReadRoot(const Chunk& chunk) = 0;
  // Returns a judge, which the schema outlives. Errors: those of the released
  // versions.
  virtual absl::StatusOr<std::unique_ptr<StateJudge>> MakeJudge(
      const JudgeOptions& options) = 0;
};

// What the judge offers.
struct JudgeFunctions {
  // `schema` and what it points to outlive the result.
  std::unique_ptr<DescribedSchema> (*describe)(const SchemaInfo& schema);
  std::string (*check_reply_text)(uint64_t reply);
};

// Returns what judges. FAILED_PRECONDITION if the library cannot be loaded. It
// is tried once in a process. Thread-safe.
absl::StatusOr<const JudgeFunctions*> FindJudge();

// The functions themselves, for the library and for programs that have the
// judge linked.
const JudgeFunctions& LinkedJudge();

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_JUDGE_H_
