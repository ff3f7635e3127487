// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The ends of a stream: where its bytes come from and where they go. The
// serializer knows nothing else of the world. transport/ implements both for
// file descriptors.

#ifndef DEVSTATE_SERIALIZER_BYTE_STREAM_H_
#define DEVSTATE_SERIALIZER_BYTE_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace devstate {

// A sequential source of bytes. Thread-safety: none.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Reads between 1 and `size` bytes into `buffer`. Returns how many; 0 means
  // the end of the source and nothing else. After an error or the end, every
  // further call must return the same.
  //
  // Requires: `size` is not 0.
  //
  // Errors: DEADLINE_EXCEEDED, UNAVAILABLE (peer gone), ABORTED (superseded or
  // cancelled), DATA_LOSS (the medium failed).
  virtual absl::StatusOr<size_t> Read(char* buffer, size_t size) = 0;

  // Returns the next `size` bytes where they are, in place of a Read() into a
  // buffer. They are valid, and nobody can change them, as long as the source
  // lives. Returns an empty view if the source has them not in memory, or has
  // fewer. Then it has consumed nothing and Read() goes on.
  //
  // Default: always empty.
  virtual absl::string_view Borrow(size_t) { return {}; }
};

// A sequential sink of bytes. Thread-safety: none.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Writes all of `bytes` or fails. `bytes` may be reused after the call.
  //
  // Errors: DEADLINE_EXCEEDED, UNAVAILABLE (peer gone), ABORTED (superseded or
  // cancelled), RESOURCE_EXHAUSTED (no space), DATA_LOSS (the medium failed).
  virtual absl::Status Write(absl::string_view bytes) = 0;

  // Returns how many of the bytes written nobody has taken yet, for a writer
  // that goes by what the sink takes. Nothing if the sink cannot tell, or if
  // nobody need take them.
  //
  // Default: nothing.
  virtual absl::optional<uint64_t> Waiting() const { return absl::nullopt; }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_BYTE_STREAM_H_
