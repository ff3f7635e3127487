// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/session_embedding/polled_backend.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace devstate {

void PolledBackend::OnProtocolFeatures(uint64_t acknowledged) {
  Feed((acknowledged & kProtocolFDeviceState) != 0
           ? SessionEvent::kNegotiated
           : SessionEvent::kNotNegotiated);
}

void PolledBackend::OnRings(bool any_started) {
  Feed(any_started ? SessionEvent::kRingsStarted : SessionEvent::kRingsStopped);
}

void PolledBackend::OnDisconnect() { Feed(SessionEvent::kDisconnected); }

void PolledBackend::OnCheckDeviceState() { Feed(SessionEvent::kCheck); }

void PolledBackend::OnSetDeviceStateFd(uint32_t direction, uint32_t phase,
                                       FileDescriptor fd) {
  const bool save = direction == 0;
  absl::StatusOr<Channel> channel = AdmitChannel(
      std::move(fd), save ? ChannelUse::kWrite : ChannelUse::kRead);
  if (direction > 1 || phase != kTransferPhaseStopped || !channel.ok()) {
    return Feed(SessionEvent::kSetUnfit);
  }
  const int flags = ::fcntl(channel->fd.get(), F_GETFL);
  ::fcntl(channel->fd.get(), F_SETFL, flags | O_NONBLOCK);
  // The event says which direction is meant; a refused one must not change
  // direction_, so it is set with the channel, in Feed().
  const SessionEvent event = save ? SessionEvent::kSetSave
                             : channel->info.stored()
                                 ? SessionEvent::kSetLoadStored
                                 : SessionEvent::kSetLoad;
  Feed(event, &*channel);
}

void PolledBackend::Feed(SessionEvent event, Channel* incoming) {
  const SessionState before = session_.state();
  const SessionActions actions = session_.Handle(event);
  // In the order of session.h: what ends the old transfer comes first.
  if ((actions & kFailOpenSet) != 0) {
    reply_(kSetDeviceStateFd, kSetStateRefused);
  }
  if ((actions & kFailOpenCheck) != 0) reply_(kCheckDeviceState, 1);
  if ((actions & kCancel) != 0) {
    channel_.fd.Reset();
    moving_ = false;
  }
  if ((actions & kDiscard) != 0) bytes_.clear();
  if (incoming != nullptr && (actions & (kStart | kAcceptSet)) != 0) {
    channel_ = std::move(*incoming);
    direction_ = event == SessionEvent::kSetSave ? TransferDirection::kSave
                                                 : TransferDirection::kLoad;
  }
  if ((actions & kStart) != 0) {
    moving_ = true;
    written_ = 0;
    bytes_ = direction_ == TransferDirection::kSave ? device_.save() : "";
  }
  if ((actions & kCommit) != 0) device_.apply(bytes_);
  if ((actions & kAcceptSet) != 0) reply_(kSetDeviceStateFd, kSetStateNoFd);
  if ((actions & kRefuseSet) != 0) reply_(kSetDeviceStateFd, kSetStateRefused);
  if ((actions & kPassCheck) != 0) reply_(kCheckDeviceState, 0);
  if ((actions & kFailCheck) != 0) reply_(kCheckDeviceState, 1);
  UpdateDeadline(before);
  if ((actions & kCommit) != 0) Feed(SessionEvent::kWorkOk);
}

void PolledBackend::UpdateDeadline(SessionState before) {
  const SessionState now = session_.state();
  if (!HasTransferDeadline(now) && !HasCheckDeadline(now)) {
    deadline_ = Deadline::Never();
  } else if (HasCheckDeadline(now) ? !HasCheckDeadline(before)
                                   : before != now) {
    deadline_ = Deadline::After(kTimeout);
  }
}

short PolledBackend::poll_events() const {
  return direction_ == TransferDirection::kSave ? POLLOUT : POLLIN;
}

void PolledBackend::OnPoll() {
  if (deadline_.Expired()) return Feed(SessionEvent::kDeadline);
  if (moving_) Move();
}

void PolledBackend::Move() {
  const int fd = channel_.fd.get();
  const bool stored = channel_.info.stored();
  const int64_t offset = channel_.info.offset;
  if (direction_ == TransferDirection::kSave) {
    const char* from = bytes_.data() + written_;
    const size_t size = bytes_.size() - written_;
    if (size == 0) return Finish(true);
    const ssize_t wrote = stored ? ::pwrite(fd, from, size, offset + written_)
                                 : ::write(fd, from, size);
    if (wrote > 0) written_ += wrote;
    if (wrote < 0 && errno != EAGAIN && errno != EINTR) Finish(false);
    return;
  }
  char buffer[65536];
  const ssize_t got =
      stored ? ::pread(fd, buffer, sizeof(buffer), offset + bytes_.size())
             : ::read(fd, buffer, sizeof(buffer));
  if (got > 0) {
    // Read on to the end even of a state that is refused: a front-end whose
    // pipe breaks does not come to CHECK.
    if (bytes_.size() <= kMaxState) bytes_.append(buffer, got);
    if (stored && bytes_.size() > kMaxState) Finish(false);
  } else if (got == 0) {
    Finish(bytes_.size() <= kMaxState && device_.verify(bytes_));
  } else if (errno != EAGAIN && errno != EINTR) {
    Finish(false);
  }
}

void PolledBackend::Finish(bool ok) {
  channel_.fd.Reset();  // for a save, this is the end mark
  moving_ = false;
  Feed(ok ? SessionEvent::kWorkOk : SessionEvent::kWorkFailed);
}

}  // namespace devstate
