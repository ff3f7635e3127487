// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Nothing blocks but poll(), which also watches the cancellation. The
// descriptor is non-blocking or called with MSG_DONTWAIT, and the peer, which
// may share its flags, can change that at any time. Stored channels are read
// and written at an offset of our own for the same reason.

#include "devstate/transport/io/fd_stream.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/blocked_write_signals.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/map_file.h"

namespace devstate {
namespace {

// The peer can share the open file description and flip the flag at any time.
void KeepNonBlocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) {
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  }
}

// Maps every errno that byte_stream.h has no code for to DATA_LOSS.
absl::Status IoStatus(int error, absl::string_view what, uint64_t bytes) {
  const absl::Status status = ErrnoStatus(
      error, absl::StrCat("channel: ", what, " after ", bytes, " bytes"));
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) {
    return status;
  }
  return absl::DataLossError(status.message());
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

FdStream::FdStream(Channel channel, const TransferLimits& limits,
                   WakeEvent cancel)
    : channel_(std::move(channel)),
      limits_(limits),
      deadline_(Deadline::After(limits.total)),
      cancel_(std::move(cancel)) {}

void FdStream::Cancel(absl::string_view why) {
  {
    const std::lock_guard<std::mutex> lock(why_mutex_);
    if (why_.empty()) why_ = why.empty() ? "cancelled" : std::string(why);
  }
  cancelled_.store(true);
  cancel_.Signal();
  // Whoever holds the mutex is woken out of poll() and gives it up.
  const std::lock_guard<std::mutex> lock(mutex_);
  [[maybe_unused]] const absl::Status failure = CheckBeforeIo();
  channel_.fd.Reset();
}

absl::Status FdStream::Fail(absl::Status why) {
  if (failure_.ok()) failure_ = std::move(why);
  channel_.fd.Reset();
  return failure_;
}

absl::Status FdStream::CheckBeforeIo() {
  if (!failure_.ok()) return failure_;
  if (cancelled_.load()) {
    const std::lock_guard<std::mutex> lock(why_mutex_);
    return Fail(absl::AbortedError(why_));
  }
  if (deadline_.Expired()) {
    return Fail(absl::DeadlineExceededError(absl::StrCat(
        "channel: not finished after ", absl::FormatDuration(limits_.total),
        ", ", bytes(), " bytes through")));
  }
  return absl::OkStatus();
}

absl::Status FdStream::Wait(short events) {
  const Deadline idle = Deadline::After(limits_.idle);
  const Deadline until = Deadline::Earlier(idle, deadline_);
  while (true) {
    pollfd entries[2] = {{channel_.fd.get(), events, 0},
                         {cancel_.fd(), POLLIN, 0}};
    const int ready = ::poll(entries, 2, until.PollTimeout());
    if (ready < 0 && errno != EINTR) return Fail(ErrnoStatus(errno, "poll"));
    DS_RETURN_IF_ERROR(CheckBeforeIo());
    if (ready > 0) return absl::OkStatus();
    if (idle.Expired()) {
      return Fail(absl::DeadlineExceededError(absl::StrCat(
          "channel: the peer ", (events & POLLIN) != 0 ? "wrote" : "read",
          " nothing for ", absl::FormatDuration(limits_.idle), ", ", bytes(),
          " bytes through")));
    }
  }
}

absl::StatusOr<std::shared_ptr<FdSource>> FdSource::Create(
    Channel channel, const TransferLimits& limits) {
  DS_ASSIGN_OR_RETURN(WakeEvent cancel, WakeEvent::Create());
  std::shared_ptr<FdSource> source(
      new FdSource(std::move(channel), limits, std::move(cancel)));
  source->MapIfSealed();
  return source;
}

FdSource::~FdSource() {
  if (!map_.empty()) ::munmap(const_cast<char*>(map_.data()), map_.size());
}

// Bytes that a peer can change after they were verified, or take away, must be
// copied first.
void FdSource::MapIfSealed() {
  constexpr int kNeeded = F_SEAL_WRITE | F_SEAL_SHRINK;
  const int fd = channel_.fd.get();
  if (channel_.info.kind != ChannelKind::kMemfd ||
      (::fcntl(fd, F_GET_SEALS) & kNeeded) != kNeeded) {
    return;
  }
  struct stat file;
  if (::fstat(fd, &file) != 0 || file.st_size <= 0) return;
  const uint64_t size = static_cast<uint64_t>(file.st_size);
  // Private, because older kernels take a shared mapping for a writable one.
  void* const map = MapFile(fd, 0, size, PROT_READ, MAP_PRIVATE);
  if (map == MAP_FAILED) return;
  map_ = {static_cast<const char*>(map), static_cast<size_t>(size)};
}

absl::string_view FdSource::Borrow(size_t size) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // What is wrong is said by the Read() that follows.
  if (map_.empty() || ended_ || !CheckBeforeIo().ok() ||
      size > limits_.max_bytes - bytes()) {
    return {};
  }
  const uint64_t begin = static_cast<uint64_t>(channel_.info.offset) + bytes();
  if (begin > map_.size() || size > map_.size() - begin) return {};
  bytes_.fetch_add(size);
  return map_.substr(begin, size);
}

ssize_t FdSource::ReadSome(char* buffer, size_t size) {
  const int fd = channel_.fd.get();
  if (channel_.info.stored()) {
    return ::pread(fd, buffer, size, channel_.info.offset + bytes());
  }
  if (channel_.info.kind == ChannelKind::kSocketPair) {
    // Without control data the kernel drops any FDs sent along.
    return ::recv(fd, buffer, size, MSG_DONTWAIT);
  }
  if (channel_.info.kind == ChannelKind::kPipe) KeepNonBlocking(fd);
  return ::read(fd, buffer, size);
}

absl::StatusOr<size_t> FdSource::Read(char* buffer, size_t size) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (size == 0) return absl::InvalidArgumentError("read of 0 bytes");
  if (!ended_) DS_RETURN_IF_ERROR(CheckBeforeIo());
  if (ahead_at_ == ahead_.size()) {
    // The writer of a pipe can put packets into it (O_DIRECT), and read() drops
    // what does not fit of one: so a pipe is never read with less room than a
    // packet can have.
    if (channel_.info.kind != ChannelKind::kPipe || size >= PIPE_BUF) {
      return Fetch(buffer, size);
    }
    ahead_.resize(PIPE_BUF);
    ahead_at_ = 0;
    const absl::StatusOr<size_t> got = Fetch(&ahead_[0], ahead_.size());
    ahead_.resize(got.ok() ? *got : 0);
    if (!got.ok() || *got == 0) return got;
  }
  const size_t count = std::min(size, ahead_.size() - ahead_at_);
  std::memcpy(buffer, ahead_.data() + ahead_at_, count);
  ahead_at_ += count;
  return count;
}

absl::StatusOr<size_t> FdSource::Fetch(char* buffer, size_t size) {
  if (ended_) return size_t{0};
  while (true) {
    DS_RETURN_IF_ERROR(CheckBeforeIo());
    const ssize_t got = ReadSome(buffer, size);
    if (got > 0) {
      if (bytes_.fetch_add(got) + got > limits_.max_bytes) {
        return Fail(absl::ResourceExhaustedError(
            absl::StrCat("channel: more than ", limits_.max_bytes,
                         " bytes, the limit of one transfer")));
      }
      return static_cast<size_t>(got);
    }
    if (got == 0) {
      ended_ = true;
      channel_.fd.Reset();
      return size_t{0};
    }
    if (errno == EINTR) continue;
    if (!WouldBlock(errno)) return Fail(IoStatus(errno, "read", bytes()));
    DS_RETURN_IF_ERROR(Wait(POLLIN));
  }
}

absl::StatusOr<uint64_t> FdSource::Drain() {
  char buffer[16384];
  uint64_t drained = 0;
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t got, Read(buffer, sizeof(buffer)));
    if (got == 0) return drained;
    drained += got;
  }
}

absl::StatusOr<std::shared_ptr<FdSink>> FdSink::Create(
    Channel channel, const TransferLimits& limits) {
  DS_ASSIGN_OR_RETURN(WakeEvent cancel, WakeEvent::Create());
  return std::shared_ptr<FdSink>(
      new FdSink(std::move(channel), limits, std::move(cancel)));
}

ssize_t FdSink::WriteSome(absl::string_view bytes) {
  const int fd = channel_.fd.get();
  if (channel_.info.kind == ChannelKind::kSocketPair) {
    return ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  BlockedWriteSignals signals;
  ssize_t wrote;
  if (channel_.info.stored()) {
    wrote = ::pwrite(fd, bytes.data(), bytes.size(),
                     channel_.info.offset + this->bytes());
  } else {
    if (channel_.info.kind == ChannelKind::kPipe) KeepNonBlocking(fd);
    wrote = ::write(fd, bytes.data(), bytes.size());
  }
  if (wrote < 0 && (errno == EPIPE || errno == EFBIG)) signals.set_failed();
  return wrote;
}

absl::Status FdSink::Write(absl::string_view bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!bytes.empty()) {
    DS_RETURN_IF_ERROR(CheckBeforeIo());
    if (this->bytes() + bytes.size() > limits_.max_bytes) {
      return Fail(absl::ResourceExhaustedError(
          absl::StrCat("channel: more than ", limits_.max_bytes,
                       " bytes, the limit of one transfer")));
    }
    const ssize_t wrote = WriteSome(bytes);
    if (wrote > 0) {
      bytes_.fetch_add(wrote);
      bytes.remove_prefix(wrote);
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && !WouldBlock(errno)) {
      return Fail(IoStatus(errno, "write", this->bytes()));
    }
    DS_RETURN_IF_ERROR(Wait(POLLOUT));
  }
  return failure_;
}

absl::optional<uint64_t> FdSink::Waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (channel_.info.stored() || channel_.fd.get() < 0) return absl::nullopt;
  int bytes = 0;
  // Of a socket, what the peer has not read counts with the kernel's overhead.
  const unsigned long request =
      channel_.info.kind == ChannelKind::kPipe ? FIONREAD : SIOCOUTQ;
  if (::ioctl(channel_.fd.get(), request, &bytes) != 0 || bytes < 0) {
    return absl::nullopt;
  }
  return static_cast<uint64_t>(bytes);
}

absl::Status FdSink::Finish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return failure_;
  if (channel_.info.kind == ChannelKind::kSocketPair) {
    ::shutdown(channel_.fd.get(), SHUT_WR);
  }
  channel_.fd.Reset();
  failure_ = absl::FailedPreconditionError("channel: closed already");
  return absl::OkStatus();
}

}  // namespace devstate
