// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_PUSH_SOURCE_H_
#define DEVSTATE_SERIALIZER_PUSH_SOURCE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Returns whether `status` is that of a PushSource which has nothing now.
bool NeedsMoreBytes(const absl::Status& status);

// A source that is given its bytes in pieces, and does not wait for one. It
// differs from other sources in one thing: where it has handed out all bytes
// and is not ended, Read() returns an error of which NeedsMoreBytes() is true,
// and a later Read() may return bytes.
//
// So it is for those readers alone that take up a call which it has ended so:
// StreamReader, the Read() of generated readers, and the Load() of a
// StateHandler. They keep what they have got and checked. StreamPushReader
// drives them. Thread-safety: none.
class PushSource : public ByteSource {
 public:
  // Gives the next piece, which stays the caller's and must be valid until it
  // was read. Requires: the piece before was read, and the source is not ended.
  void Give(absl::string_view piece) { piece_ = piece; }
  // Says that no piece follows.
  void End() { ended_ = true; }
  // Drops what was not read.
  void Drop() { piece_ = {}; }

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

 private:
  absl::string_view piece_;
  bool ended_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_PUSH_SOURCE_H_
