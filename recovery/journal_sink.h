// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_JOURNAL_SINK_H_
#define DEVSTATE_RECOVERY_JOURNAL_SINK_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// The way the bytes of a journal reach its file. Both outlive the process, not
// the host.
enum class JournalWay {
  // By pwrite(2): about a microsecond for each round.
  kAppend,
  // By stores into a mapping: a fraction of that. The file has room ahead, as
  // zeros, up to 1 MiB.
  kMap,
};

// The end of a journal (recovery/journal_source.h), a file on tmpfs or a memfd.
// A writer of rounds writes to it while the device runs. A process that is
// killed between any two stores leaves what it has written before, and at most
// one round that is torn, which a JournalSource drops.
//
// Thread-safety: none.
class JournalSink : public ByteSink {
 public:
  // Takes an empty file that is open for reading and writing, and that nobody
  // else writes. `max_bytes` bounds it.
  static absl::StatusOr<std::unique_ptr<JournalSink>> Create(
      FileDescriptor fd, JournalWay way, uint64_t max_bytes);
  ~JournalSink() override;

  JournalSink(const JournalSink&) = delete;
  JournalSink& operator=(const JournalSink&) = delete;

  // Writes as ByteSink says. RESOURCE_EXHAUSTED beyond max_bytes, or where the
  // file system is full: start a new generation, which has no old rounds.
  absl::Status Write(absl::string_view bytes) override;

  // Returns the bytes written so far.
  uint64_t size() const { return size_; }
  int fd() const { return fd_.get(); }

 private:
  JournalSink(FileDescriptor fd, uint64_t max_bytes)
      : fd_(std::move(fd)), max_bytes_(max_bytes) {}

  // Makes sure that the mapping has pages for `size` bytes of file.
  absl::Status Reserve(uint64_t size);

  const FileDescriptor fd_;
  const uint64_t max_bytes_;
  uint64_t size_ = 0;
  // Null unless the way is kMap; then of max_bytes_, of which the file has
  // reserved_.
  char* map_ = nullptr;
  uint64_t reserved_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_RECOVERY_JOURNAL_SINK_H_
