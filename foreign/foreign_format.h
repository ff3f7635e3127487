// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The interface of a foreign format: a state that a back-end writes in a way of
// its own, and that converts to a portable schema and back.
// docs/foreign_states.md describes each; foreign_formats.h lists them.

#ifndef DEVSTATE_FOREIGN_FOREIGN_FORMAT_H_
#define DEVSTATE_FOREIGN_FOREIGN_FORMAT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/verdict.pb.h"

namespace devstate {

// Opens a state from its start. A conversion reads its input several times
// instead of holding it, and fails with ABORTED if the bytes are not the same
// each time.
using OpenSource = std::function<absl::StatusOr<std::shared_ptr<ByteSource>>()>;

// The findings about a state that could be read.
struct ForeignReport {
  // The version of the foreign format that was read or written.
  absl::string_view version;
  // The number of records of all kinds.
  uint64_t records = 0;
  // The size of the state that was read, in bytes.
  uint64_t bytes = 0;
  // Other facts about the state in numbers, by the names that the portable
  // schema has for them: how many records of each kind, the next ids.
  std::vector<std::pair<absl::string_view, uint64_t>> numbers;
  // The verdict, whose level is that of the worst finding. It has at most
  // kMaxForeignFindings; then one more says how many were left out.
  Verdict verdict;

  bool refused() const { return verdict.level() >= VERDICT_LEVEL_REFUSED; }
};

inline constexpr size_t kMaxForeignFindings = 65536;

// One foreign format. Its functions are thread-safe. They keep memory
// independent of the size of the state up to what docs/foreign_states.md says
// of the format. They fail with
//   a StreamError (serializer/stream_error.h) for a state that is damaged or
//     beyond a limit,
//   FAILED_PRECONDITION for a devstate stream of another schema,
//   ABORTED for an input that changes, and the errors of source and sink.
struct ForeignFormat {
  // The name used on the command line (`devstate convert --from`, `--to`).
  absl::string_view name;
  // The portable schema that it converts to and from; empty if there is none.
  absl::string_view schema;
  // The versions that can be written, oldest first; the last is the default.
  // Empty if none can.
  std::vector<absl::string_view> versions;

  // Returns whether a state may start like this. This is cheap and may be
  // wrong; only a whole check() tells. 64 bytes are enough.
  bool (*recognise)(absl::string_view first_bytes);

  // Reads a foreign state and judges it.
  absl::StatusOr<ForeignReport> (*check)(const OpenSource& input);

  // Converts a foreign state to a stream of `schema`. Writes nothing before the
  // whole input was checked, and nothing at all if the report is refused().
  // Null without a schema.
  absl::StatusOr<ForeignReport> (*import_state)(const OpenSource& input,
                                                const WriterOptions& options,
                                                ByteSink* output);

  // Converts a stream of `schema` to `version`, one of `versions`. Otherwise as
  // import_state(). Null if the format cannot be written.
  absl::StatusOr<ForeignReport> (*export_state)(const OpenSource& input,
                                                absl::string_view version,
                                                ByteSink* output);

  // Writes a state without a schema as JSON, after the whole input was checked.
  // Null with a schema, because the portable form is shown then.
  absl::Status (*show)(const OpenSource& input, ByteSink* output) = nullptr;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_FOREIGN_FORMAT_H_
