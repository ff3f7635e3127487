// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a transfer asks somebody who knows the descriptors of its schema and the
// schema's other versions. A state of the reader's own schema asks nothing, so
// that a back-end in C needs no Protocol Buffers for it.

#ifndef DEVSTATE_BACKEND_STATE_JUDGE_H_
#define DEVSTATE_BACKEND_STATE_JUDGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/chunk_filter.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/writer_options.h"

namespace devstate {

class Verdict;

// Values of VerdictLevel.
inline constexpr int kIdenticalLevel = 1;
inline constexpr int kLossyLevel = 5;
inline constexpr int kRefusedLevel = 7;

// A verdict on a state, in types that need no Protocol Buffers.
struct StateVerdict {
  // The VerdictLevel, 0 if there is no verdict, and the id of the rule that
  // made it or "".
  int level = 0;
  std::string rule;
  // VerdictText().
  std::string text;
  // The whole verdict. Null if the judge has not been asked.
  std::shared_ptr<const Verdict> whole;
};

// A gate for one load. Judges the header at once, and then each chunk.
class LoadJudge : public ChunkFilter {
 public:
  // As those of StreamGate. `header` outlives the judge.
  virtual absl::Status OnHeader(const StreamHeader& header) = 0;
  virtual absl::Status OnEnd() = 0;
  // Returns the verdict of a load that ended with `outcome`.
  virtual StateVerdict Judge(const absl::Status& outcome) const = 0;
};

// A filter for one save as another version of the schema.
class SaveJudge : public SaveFilter {
 public:
  // Fails if no state can be saved as the version. Call it before the filter is
  // used.
  virtual absl::Status Begin() = 0;
  virtual StateVerdict verdict() const = 0;
};

// The judge of the states of one device. Thread-safety: none.
class StateJudge {
 public:
  virtual ~StateJudge() = default;

  // --- Loads ---

  // Errors: those of the descriptors.
  virtual absl::StatusOr<std::unique_ptr<LoadJudge>> MakeLoadJudge() = 0;
  // Returns the verdict of a load whose verdict was `before` and that failed
  // with `failure`.
  virtual StateVerdict JudgeFailure(const StateVerdict& before,
                                    const absl::Status& failure) const = 0;
  // Returns the line for the log, and the answer to CHECK_DEVICE_STATE.
  virtual std::string LogLine(const StateVerdict& verdict,
                              const StreamHeader& header) const = 0;
  virtual uint64_t CheckReply(const StateVerdict& verdict,
                              const absl::Status& outcome) const = 0;
  // Returns LoadReport of verdict.proto as JSON, in one line.
  virtual std::string LoadReportJson(const StateVerdict& verdict,
                                     const StreamHeader& header) const = 0;

  // --- Saves ---

  // Refuses a root that the gate of every reader would refuse.
  virtual absl::Status CheckRoot(const StreamHeader& header,
                                 absl::string_view root) = 0;
  // Returns the known versions below the device's own, in ascending order.
  virtual std::vector<uint32_t> OlderVersions() const = 0;
  // NOT_FOUND for a version that is not known. `writer` is what the writer was
  // made with. The result does not outlive the judge.
  virtual absl::StatusOr<std::unique_ptr<SaveJudge>> MakeSaveJudge(
      uint32_t version, const WriterOptions& writer) = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_STATE_JUDGE_H_
