// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The session with channels, a worker thread and deadlines: device-state
// transfer for a back-end that parses vhost-user itself. Feed it the two
// requests, watch one file descriptor, send the replies it gives.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_ENGINE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_ENGINE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/fd_stream.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/session.h"
#include "devstate/transport/vhost_user/transfer_worker.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// One step of a transfer, for logs and progress.
struct TransferReport {
  enum class Stage {
    kRefused,      // 42 answered with an error; status says why
    kAccepted,     // 42 answered
    kTransferred,  // all bytes are through, or the transfer failed (status)
    kChecked,      // 43 answered; status is what CHECK's value stands for
    kAbandoned,    // by a newer 42, a started ring or a lost connection
  };
  Stage stage = Stage::kRefused;
  // If 42 was malformed or its direction unknown: kSave.
  TransferDirection direction = TransferDirection::kSave;
  ChannelKind channel = ChannelKind::kPipe;
  bool own_channel = false;  // the back-end's FD, not the front-end's
  uint64_t bytes = 0;
  uint64_t reply = 0;  // of 42 or 43, where one was sent
  absl::Status status;
};
absl::string_view TransferStageName(TransferReport::Stage stage);

struct DeviceStateEngineOptions {
  // Answer 42 with a channel of ours of this kind; none: use the front-end's.
  std::optional<ChannelKind> own_channel;
  // For ChannelKind::kFile, see CreateChannel().
  std::string file_folder;
  TransferLimits limits;
  // From CHECK_DEVICE_STATE to its answer, commit included.
  absl::Duration check_timeout = absl::Seconds(60);
  // Called on the control thread.
  std::function<void(const TransferReport&)> report;
};

// A reply to send: flags 0x5, 8 bytes.
struct DeviceStateReply {
  uint32_t request = 0;  // kSetDeviceStateFd or kCheckDeviceState
  uint64_t value = 0;
  FileDescriptor fd;  // to attach, if valid; close it after sending
};

// All methods are for one thread, the control thread, except progress().
class DeviceStateEngine {
 public:
  // `handler` must outlive the engine. RESOURCE_EXHAUSTED: no descriptors.
  static absl::StatusOr<std::unique_ptr<DeviceStateEngine>> Create(
      DeviceStateHandler* handler, DeviceStateEngineOptions options = {});
  // Cancels what is under way and joins the worker. A handler that neither
  // returns nor touches its sink or source is waited for.
  ~DeviceStateEngine();

  // What the engine must know of the rest of the protocol.
  void SetNegotiated(bool device_state);  // SET_PROTOCOL_FEATURES, bit 19
  void SetRunning(bool any_ring_started);
  void Disconnected();

  // Request 42. `fd` may be empty if it was missing (the request is refused
  // then). `control_fd`: the vhost-user socket, to refuse it as a channel.
  // Its reply is ready at once, except for a save into a stored channel of
  // ours, whose reply comes when the data is complete.
  void SetDeviceStateFd(uint32_t direction, uint32_t phase, FileDescriptor fd,
                        int control_fd = -1);
  // A request 42 that was malformed; `why` goes to the report.
  void RefuseDeviceStateFd(absl::Status why);
  // Request 43. Its reply is ready when the worker is done.
  void CheckDeviceState();
  // A request 43 that was malformed. Abandons nothing; just an error reply.
  void RefuseCheck(absl::Status why);

  // Readable when Dispatch() has something to do: the worker finished or a
  // deadline passed. An epoll descriptor; owned by the engine.
  int poll_fd() const { return poll_fd_.get(); }
  void Dispatch();

  // The next reply to send, in order.
  std::optional<DeviceStateReply> TakeReply();
  // A request is not answered yet: read no further message from the
  // front-end, which waits, too.
  bool owes_reply() const { return OwesReply(session_.state()); }

  SessionState state() const { return session_.state(); }
  // Why the last transfer failed; OK if it did not.
  const absl::Status& failure() const { return failure_.status; }
  // Bytes of the current or last transfer. Thread-safe.
  uint64_t progress() const;

 private:
  // The channel of an accepted 42, until its transfer starts.
  struct Held {
    TransferDirection direction = TransferDirection::kSave;
    Channel local;
    FileDescriptor remote;  // to hand to the front-end
    bool own = false;
  };

  DeviceStateEngine(DeviceStateEngineOptions options,
                    std::unique_ptr<TransferWorker> worker, FileDescriptor poll,
                    FileDescriptor timer);
  absl::StatusOr<Held> Prepare(uint32_t direction, uint32_t phase,
                               FileDescriptor fd, int control_fd);
  void Feed(SessionEvent event, Held* incoming = nullptr);
  void Execute(SessionActions actions, SessionState before, Held* incoming);
  void CancelStream(absl::string_view why);
  absl::Status StartTransfer();
  void AnswerSet(uint64_t value);
  // Answers CHECK with `result`; OK is 0.
  void AnswerCheck(const LoadResult& result);
  void UpdateDeadline(SessionState before, bool new_transfer);
  void Report(TransferReport::Stage stage, absl::Status status,
              uint64_t reply = 0);
  std::shared_ptr<FdStream> stream() const;
  void set_stream(std::shared_ptr<FdStream> stream);

  const DeviceStateEngineOptions options_;
  const FileDescriptor poll_fd_;
  const FileDescriptor timer_fd_;
  Session session_;
  Held held_;
  LoadResult failure_ = absl::OkStatus();
  absl::Status start_failure_;
  TransferDirection refused_direction_ = TransferDirection::kSave;
  uint64_t last_id_ = 0;
  uint64_t active_id_ = 0;  // completions of other ids are stale
  Deadline deadline_ = Deadline::Never();
  std::deque<DeviceStateReply> replies_;
  mutable std::mutex stream_mutex_;
  std::shared_ptr<FdStream> stream_;
  // Last, so that it is joined before anything it uses goes away.
  std::unique_ptr<TransferWorker> worker_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_ENGINE_H_
