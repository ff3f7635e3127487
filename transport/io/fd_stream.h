// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A channel as the serializer's byte source and byte sink.

#ifndef DEVSTATE_TRANSPORT_IO_FD_STREAM_H_
#define DEVSTATE_TRANSPORT_IO_FD_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/wake_event.h"

namespace devstate {

// Bounds of one transfer. Neither the vhost-user text nor QEMU has any. Ours
// end a transfer whose peer never closes, never reads or trickles.
struct TransferLimits {
  // The longest time from making the source or sink to its end. Default: 5 min.
  absl::Duration total = absl::Minutes(5);
  // The longest single wait for the peer to make progress. Default: 30 s.
  absl::Duration idle = absl::Seconds(30);
  // The most bytes of a transfer, against endless sources. Default: 64 GiB.
  uint64_t max_bytes = uint64_t{64} << 30;
};

// The common part of FdSource and FdSink: one channel, its bounds and its
// cancellation.
//
// Thread-safety: one thread at a time reads or writes. Cancel(), cancelled()
// and bytes() may be called from any thread at any time.
class FdStream {
 public:
  virtual ~FdStream() = default;

  // Ends the stream. The current Read() or Write() and every later one return
  // ABORTED with `why`, and the channel is closed when this returns. A stream
  // that has ended already is only closed.
  void Cancel(absl::string_view why);

  bool cancelled() const { return cancelled_.load(); }

  // Returns the bytes transferred so far, for progress.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 protected:
  FdStream(Channel channel, const TransferLimits& limits, WakeEvent cancel);

  // Waits until poll() says `events`. Requires: mutex_ is held.
  absl::Status Wait(short events);
  // Remembers the first failure, closes, and returns that failure from then on.
  absl::Status Fail(absl::Status why);
  absl::Status CheckBeforeIo();

  // Held while the FD is in use; Cancel() takes it to close.
  mutable std::mutex mutex_;
  Channel channel_;
  const TransferLimits limits_;
  const Deadline deadline_;
  absl::Status failure_;
  std::atomic<uint64_t> bytes_{0};

 private:
  WakeEvent cancel_;
  std::atomic<bool> cancelled_{false};
  std::mutex why_mutex_;
  std::string why_;
};

class FdSource : public ByteSource, public FdStream {
 public:
  ~FdSource() override;

  // Creates a source. A stored channel is read from its offset without moving
  // it, because its open file description may be shared. A memfd that nobody
  // can write or shrink any more (F_SEAL_WRITE, F_SEAL_SHRINK) is mapped, so
  // that Borrow() has its bytes in place.
  //
  // Requires: `channel` was admitted for reading.
  static absl::StatusOr<std::shared_ptr<FdSource>> Create(
      Channel channel, const TransferLimits& limits = {});

  // Reads as ByteSource says. RESOURCE_EXHAUSTED beyond max_bytes.
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;
  absl::string_view Borrow(size_t size) override;

  // Reads and drops everything up to the end, so that a writer does not meet a
  // broken pipe. Returns how many bytes there were.
  absl::StatusOr<uint64_t> Drain();

 private:
  using FdStream::FdStream;
  ssize_t ReadSome(char* buffer, size_t size);
  // Takes what is there and waits for it if need be. Returns 0 at the end.
  absl::StatusOr<size_t> Fetch(char* buffer, size_t size);
  void MapIfSealed();

  // The whole file, if it is mapped.
  absl::string_view map_;
  bool ended_ = false;
  // Bytes of a pipe read ahead of a small Read().
  std::string ahead_;
  size_t ahead_at_ = 0;
};

class FdSink : public ByteSink, public FdStream {
 public:
  // Creates a sink. A stored channel is written from its offset without moving
  // it, so that a reader finds the state at the offset.
  //
  // Requires: `channel` was admitted for writing.
  static absl::StatusOr<std::shared_ptr<FdSink>> Create(
      Channel channel, const TransferLimits& limits = {});

  // Writes as ByteSink says. Never raises SIGPIPE or SIGXFSZ.
  absl::Status Write(absl::string_view bytes) override;

  // Returns what is in the pipe or socket. Nothing for a stored channel.
  absl::optional<uint64_t> Waiting() const override;

  // Closes the channel, which marks the end for the reader of a pipe or socket.
  // Returns the sink's failure, if it had one. Writing afterwards is
  // FAILED_PRECONDITION.
  absl::Status Finish();

 private:
  using FdStream::FdStream;
  ssize_t WriteSome(absl::string_view bytes);
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_FD_STREAM_H_
