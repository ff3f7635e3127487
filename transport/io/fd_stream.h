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
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/wake_event.h"

namespace devstate {

// Bounds of one transfer. Neither the vhost-user text nor QEMU has any; ours
// end a transfer whose peer never closes, never reads or trickles.
struct TransferLimits {
  // From the making of the source or sink to its end.
  absl::Duration total = absl::Minutes(5);
  // Longest single wait for the peer to make progress.
  absl::Duration idle = absl::Seconds(30);
  // Most bytes; against endless sources.
  uint64_t max_bytes = uint64_t{64} << 30;
};

// What FdSource and FdSink share: one channel, its bounds, its cancellation.
//
// One thread at a time reads or writes. Cancel() and bytes() may be called
// from any thread at any time.
class FdStream {
 public:
  virtual ~FdStream() = default;

  // Ends the stream: a Read() or Write() under way and every later one return
  // ABORTED with `why`, and the channel is closed when this returns. Does
  // nothing to a stream that has ended already, except closing it.
  void Cancel(absl::string_view why);

  bool cancelled() const { return cancelled_.load(); }

  // Bytes through so far, for progress.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 protected:
  FdStream(Channel channel, const TransferLimits& limits, WakeEvent cancel);

  // Waits until poll() says `events`. Called with mutex_ held.
  absl::Status Wait(short events);
  // Remembers the first failure, closes, and returns it ever after.
  absl::Status Fail(absl::Status why);
  absl::Status CheckBeforeIo();

  std::mutex mutex_;  // held while the FD is in use; Cancel() takes it to close
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
  // `channel` was admitted for reading. A stored channel is read from its
  // offset without moving it (its open file description may be shared).
  static absl::StatusOr<std::shared_ptr<FdSource>> Create(
      Channel channel, const TransferLimits& limits = {});

  // As ByteSource says; also RESOURCE_EXHAUSTED beyond max_bytes.
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override;

  // Reads and drops everything up to the end, so that a writer is not met by
  // a broken pipe. Returns how many bytes there were.
  absl::StatusOr<uint64_t> Drain();

 private:
  using FdStream::FdStream;
  ssize_t ReadSome(char* buffer, size_t size);
  // Takes what is there, waiting for it if need be; 0 is the end.
  absl::StatusOr<size_t> Fetch(char* buffer, size_t size);

  bool ended_ = false;
  // Bytes of a pipe read ahead of a small Read().
  std::string ahead_;
  size_t ahead_at_ = 0;
};

class FdSink : public ByteSink, public FdStream {
 public:
  // `channel` was admitted for writing. A stored channel is written from its
  // offset without moving it, so that a reader finds the state at the offset.
  static absl::StatusOr<std::shared_ptr<FdSink>> Create(
      Channel channel, const TransferLimits& limits = {});

  // As ByteSink says. Never raises SIGPIPE or SIGXFSZ.
  absl::Status Write(absl::string_view bytes) override;

  // Closes the channel, which is the mark of the end for the reader of a pipe
  // or socket. Returns the sink's failure, if it had one. Writing afterwards
  // is FAILED_PRECONDITION.
  absl::Status Finish();

 private:
  using FdStream::FdStream;
  ssize_t WriteSome(absl::string_view bytes);
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_FD_STREAM_H_
