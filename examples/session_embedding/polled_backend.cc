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
  Feed((acknowledged & vhost_user::kProtocolFDeviceState) != 0
           ? vhost_user::SessionEvent::kNegotiated
           : vhost_user::SessionEvent::kNotNegotiated);
}

void PolledBackend::OnRings(bool any_started) {
  Feed(any_started ? vhost_user::SessionEvent::kRingsStarted
                   : vhost_user::SessionEvent::kRingsStopped);
}

void PolledBackend::OnDisconnect() {
  Feed(vhost_user::SessionEvent::kDisconnected);
}

void PolledBackend::OnCheckDeviceState() {
  Feed(vhost_user::SessionEvent::kCheck);
}

void PolledBackend::OnSetDeviceStateFd(uint32_t direction, uint32_t phase,
                                       FileDescriptor fd) {
  const bool save = direction == 0;
  absl::StatusOr<Channel> channel = AdmitChannel(
      std::move(fd), save ? ChannelUse::kWrite : ChannelUse::kRead);
  if (direction > 1 || phase != vhost_user::kTransferPhaseStopped ||
      !channel.ok()) {
    return Feed(vhost_user::SessionEvent::kSetUnfit);
  }
  const int flags = ::fcntl(channel->fd.get(), F_GETFL);
  ::fcntl(channel->fd.get(), F_SETFL, flags | O_NONBLOCK);
  // The event says which direction is meant; a refused one must not change
  // direction_, so it is set with the channel, in Feed().
  const vhost_user::SessionEvent event =
      save                     ? vhost_user::SessionEvent::kSetSave
      : channel->info.stored() ? vhost_user::SessionEvent::kSetLoadStored
                               : vhost_user::SessionEvent::kSetLoad;
  Feed(event, &*channel);
}

void PolledBackend::Feed(vhost_user::SessionEvent event, Channel* incoming) {
  const vhost_user::SessionState before = session_.state();
  const vhost_user::SessionActions actions = session_.Handle(event);
  // In the order of session.h: what ends the old transfer comes first.
  if ((actions & vhost_user::kFailOpenSet) != 0) {
    reply_(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateRefused);
  }
  if ((actions & vhost_user::kFailOpenCheck) != 0)
    reply_(vhost_user::kCheckDeviceState, 1);
  if ((actions & vhost_user::kCancel) != 0) {
    channel_.fd.Reset();
    moving_ = false;
  }
  if ((actions & vhost_user::kDiscard) != 0) bytes_.clear();
  if (incoming != nullptr &&
      (actions & (vhost_user::kStart | vhost_user::kAcceptSet)) != 0) {
    channel_ = std::move(*incoming);
    direction_ = event == vhost_user::SessionEvent::kSetSave
                     ? vhost_user::TransferDirection::kSave
                     : vhost_user::TransferDirection::kLoad;
  }
  if ((actions & vhost_user::kStart) != 0) {
    moving_ = true;
    written_ = 0;
    bytes_ = direction_ == vhost_user::TransferDirection::kSave ? device_.save()
                                                                : "";
  }
  if ((actions & vhost_user::kCommit) != 0) device_.apply(bytes_);
  if ((actions & vhost_user::kAcceptSet) != 0)
    reply_(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateNoFd);
  if ((actions & vhost_user::kRefuseSet) != 0)
    reply_(vhost_user::kSetDeviceStateFd, vhost_user::kSetStateRefused);
  if ((actions & vhost_user::kPassCheck) != 0)
    reply_(vhost_user::kCheckDeviceState, 0);
  if ((actions & vhost_user::kFailCheck) != 0)
    reply_(vhost_user::kCheckDeviceState, 1);
  UpdateDeadline(before);
  if ((actions & vhost_user::kCommit) != 0)
    Feed(vhost_user::SessionEvent::kWorkOk);
}

void PolledBackend::UpdateDeadline(vhost_user::SessionState before) {
  const vhost_user::SessionState now = session_.state();
  if (!vhost_user::HasTransferDeadline(now) &&
      !vhost_user::HasCheckDeadline(now)) {
    deadline_ = Deadline::Never();
  } else if (vhost_user::HasCheckDeadline(now)
                 ? !vhost_user::HasCheckDeadline(before)
                 : before != now) {
    deadline_ = Deadline::After(kTimeout);
  }
}

short PolledBackend::poll_events() const {
  return direction_ == vhost_user::TransferDirection::kSave ? POLLOUT : POLLIN;
}

void PolledBackend::OnPoll() {
  if (deadline_.Expired()) return Feed(vhost_user::SessionEvent::kDeadline);
  if (moving_) Move();
}

void PolledBackend::Move() {
  const int fd = channel_.fd.get();
  const bool stored = channel_.info.stored();
  const int64_t offset = channel_.info.offset;
  if (direction_ == vhost_user::TransferDirection::kSave) {
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
  Feed(ok ? vhost_user::SessionEvent::kWorkOk
          : vhost_user::SessionEvent::kWorkFailed);
}

}  // namespace devstate
