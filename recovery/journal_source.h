// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A journal is a state in rounds (docs/stream_format.md) that goes on while its
// device runs: the first round is the whole state, each later one some changes
// that belong together. It has no trailer until it is read.

#ifndef DEVSTATE_RECOVERY_JOURNAL_SOURCE_H_
#define DEVSTATE_RECOVERY_JOURNAL_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// The complete rounds of a journal, as a state that ends after the last of
// them. A state with a trailer, in rounds or not, is what it is. Thread-safety:
// none.
class JournalSource : public ByteSource {
 public:
  // Opens the bytes of the journal once more, from their start.
  using Open = std::function<absl::StatusOr<std::unique_ptr<ByteSource>>()>;

  // Verifies everything before the first byte is handed out. What follows the
  // last complete round is dropped if it is cut off or a checksum does not
  // hold: a process that was killed leaves that. Zeros after a trailer are the
  // room ahead of a mapped journal.
  //
  // Errors: DATA_LOSS if no round is complete, and those of a StreamReader for
  // what no killed process leaves.
  static absl::StatusOr<std::unique_ptr<JournalSource>> Create(
      const Open& open, const Limits& limits);

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

  // Return the complete rounds, 0 of a state without rounds, and why what
  // follows them was dropped; OK if nothing was.
  uint32_t rounds() const { return rounds_; }
  const absl::Status& dropped() const { return dropped_; }

 private:
  JournalSource() = default;
  absl::Status FindEnd(const Open& open, const Limits& limits);

  std::unique_ptr<ByteSource> bytes_;
  // The bytes of the journal that count, of which rest_ are left, and what
  // comes after them: the final mark and the trailer.
  uint64_t rest_ = 0;
  std::string end_;
  size_t end_at_ = 0;
  uint32_t rounds_ = 0;
  absl::Status dropped_;
};

}  // namespace devstate

#endif  // DEVSTATE_RECOVERY_JOURNAL_SOURCE_H_
