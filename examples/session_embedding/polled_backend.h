// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The smaller of the two embeddings. A back-end with a vhost-user parser and an
// event loop of its own (libvhost-user, a DPDK or SPDK poller) uses devstate's
// session alone. No thread is started and nothing ever blocks. The loop watches
// one file descriptor for this object.
//
// Its state here is one short string. A state that does not fit into memory
// twice wants DeviceStateEngine and its worker thread instead.

#ifndef DEVSTATE_EXAMPLES_SESSION_EMBEDDING_POLLED_BACKEND_H_
#define DEVSTATE_EXAMPLES_SESSION_EMBEDDING_POLLED_BACKEND_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/session.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate {

class PolledBackend {
 public:
  struct Device {
    // Return the state as bytes, and whether bytes are a state that can be
    // loaded.
    std::function<std::string()> save;
    std::function<bool(absl::string_view)> verify;
    // Puts verified bytes into force.
    std::function<void(absl::string_view)> apply;
  };
  // The function that sends a reply: header flags 0x5, payload u64.
  using Reply = std::function<void(uint32_t request, uint64_t value)>;

  PolledBackend(Device device, Reply reply)
      : device_(std::move(device)), reply_(std::move(reply)) {}

  // Take what the vhost-user parser reports.
  void OnProtocolFeatures(uint64_t acknowledged);
  void OnRings(bool any_started);
  void OnSetDeviceStateFd(uint32_t direction, uint32_t phase,
                          FileDescriptor fd);
  void OnCheckDeviceState();
  void OnDisconnect();

  // Return what the event loop polls (-1: nothing now) and for how long. Call
  // OnPoll() when it is ready and when the time is over. Requires: the process
  // ignores SIGPIPE.
  int poll_fd() const { return moving_ ? channel_.fd.get() : -1; }
  short poll_events() const;
  int poll_timeout() const { return deadline_.PollTimeout(); }
  void OnPoll();

 private:
  static constexpr size_t kMaxState = 1 << 20;
  static constexpr absl::Duration kTimeout = absl::Seconds(30);

  void Feed(vhost_user::SessionEvent event, Channel* incoming = nullptr);
  void UpdateDeadline(vhost_user::SessionState before);
  // Makes one read() or write() and feeds the end of the transfer.
  void Move();
  void Finish(bool ok);

  const Device device_;
  const Reply reply_;
  vhost_user::Session session_;
  vhost_user::TransferDirection direction_ =
      vhost_user::TransferDirection::kSave;
  Channel channel_;
  bool moving_ = false;
  std::string bytes_;  // to be written, or read so far
  size_t written_ = 0;
  Deadline deadline_ = Deadline::Never();
};

}  // namespace devstate

#endif  // DEVSTATE_EXAMPLES_SESSION_EMBEDDING_POLLED_BACKEND_H_
