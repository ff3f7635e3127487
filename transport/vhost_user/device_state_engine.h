// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The session with channels, a worker thread and deadlines. It transfers device
// state for a back-end that parses vhost-user itself. The back-end feeds it the
// two requests, watches one file descriptor and sends the replies it gives.

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
#include "devstate/transport/vhost_user/payloads.h"
#include "devstate/transport/vhost_user/rounds_session.h"
#include "devstate/transport/vhost_user/session.h"
#include "devstate/transport/vhost_user/transfer_worker.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::vhost_user {

// One step of a transfer, for logs and progress. SET and CHECK are
// SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE.
struct TransferReport {
  enum class Stage {
    kRefused,      // SET answered with an error; status says why
    kAccepted,     // SET answered
    kTransferred,  // all bytes are through, or the transfer failed (status)
    kChecked,      // CHECK answered; status is what its value stands for
    kAbandoned,    // by a newer SET, a started ring or a lost connection
  };
  Stage stage = Stage::kRefused;
  // The direction of the transfer. kSave if SET was malformed or its direction
  // unknown.
  TransferDirection direction = TransferDirection::kSave;
  ChannelKind channel = ChannelKind::kPipe;
  bool own_channel = false;  // the back-end's FD, not the front-end's
  uint64_t bytes = 0;
  uint64_t reply = 0;  // of SET or CHECK, where one was sent
  absl::Status status;
};
absl::string_view TransferStageName(TransferReport::Stage stage);

struct DeviceStateEngineOptions {
  // The kind of our channel that SET_DEVICE_STATE_FD is answered with. Default:
  // none, the front-end's channel is used.
  std::optional<ChannelKind> own_channel;
  // The folder for ChannelKind::kFile, see CreateChannel(). Default: empty.
  std::string file_folder;
  // The bounds of a transfer. Default: see TransferLimits.
  TransferLimits limits;
  // The longest time from CHECK_DEVICE_STATE to its answer, commit included.
  // Default: 60 s.
  absl::Duration check_timeout = absl::Seconds(60);
  // The callback for each step, called on the control thread. Default: none.
  std::function<void(const TransferReport&)> report;
};

// A reply to send. Its flags are 0x5 and its payload has 8 bytes, or
// kRoundReplySize.
struct DeviceStateReply {
  // kSetDeviceStateFd, kCheckDeviceState or kDeviceStateRound
  uint32_t request = 0;
  uint64_t value = 0;
  FileDescriptor fd;  // to attach, if valid; close it after sending
  // Of kDeviceStateRound, in place of `value`.
  RoundReply round = {};
};

// Returns the reply as the message to send.
Message ToMessage(DeviceStateReply reply);

// Runs the transfers of one back-end. Thread-safety: one thread, the control
// thread, calls all methods, except progress().
class DeviceStateEngine {
 public:
  // Creates an engine. RESOURCE_EXHAUSTED if no descriptors are left.
  //
  // Requires: `handler` outlives the engine.
  static absl::StatusOr<std::unique_ptr<DeviceStateEngine>> Create(
      DeviceStateHandler* handler, DeviceStateEngineOptions options = {});
  // Cancels the current transfer and joins the worker. Waits for a handler that
  // neither returns nor touches its sink or source.
  ~DeviceStateEngine();

  // Tell the engine what it must know of the rest of the protocol:
  // SET_PROTOCOL_FEATURES, bit 19 and kProtocolFRounds, without which nothing
  // of rounds is accepted.
  void SetNegotiated(bool device_state, bool rounds = false);
  void SetRunning(bool any_ring_started);
  void Disconnected();

  // Takes a SET_DEVICE_STATE_FD request. An empty `fd` stands for a missing one
  // and is refused. `control_fd` is the vhost-user socket, which is refused as
  // a channel. The reply is ready at once, except for a save into a stored
  // channel of ours, whose reply comes when the data is complete.
  void SetDeviceStateFd(uint32_t direction, uint32_t phase, FileDescriptor fd,
                        int control_fd = -1);
  // Takes a malformed SET_DEVICE_STATE_FD request; `why` goes to the report.
  void RefuseDeviceStateFd(absl::Status why);
  // Takes a DEVICE_STATE_ROUND request. Its reply is ready when the round was
  // written, or has been loaded.
  void Round(uint32_t round, bool last);
  // Takes a malformed DEVICE_STATE_ROUND request.
  void RefuseRound(absl::Status why);
  // Takes a CHECK_DEVICE_STATE request. Between rounds it gives them up. Its
  // reply is ready when the worker is done.
  void CheckDeviceState();
  // Takes a malformed CHECK_DEVICE_STATE request. Makes an error reply and
  // abandons nothing.
  void RefuseCheck(absl::Status why);

  // Returns the descriptor that is readable when Dispatch() has something to
  // do, because the worker finished or a deadline passed. An epoll descriptor
  // that the engine owns.
  int poll_fd() const { return poll_fd_.get(); }
  void Dispatch();

  // Returns the next reply to send, in order.
  std::optional<DeviceStateReply> TakeReply();
  // Returns whether a request is not answered yet. Read no further message from
  // the front-end until then; the front-end waits, too.
  bool owes_reply() const {
    return OwesReply(session_.state()) || OwesReply(rounds_session_.state());
  }

  SessionState state() const { return session_.state(); }
  // Returns why the last transfer failed; OK if it did not.
  const absl::Status& failure() const { return failure_.status; }
  // Returns the bytes of the current or last transfer. Thread-safe.
  uint64_t progress() const;

 private:
  // The channel of an accepted SET_DEVICE_STATE_FD, until its transfer starts.
  struct Held {
    TransferDirection direction = TransferDirection::kSave;
    Channel local;
    FileDescriptor remote;  // to hand to the front-end
    bool own = false;
    // Of a save whose earlier rounds are in it already.
    std::shared_ptr<FdSink> rounds_sink = nullptr;
  };
  // A save in rounds that has not come to its last one.
  struct Rounds {
    std::shared_ptr<FdSink> sink;
    ChannelKind channel = ChannelKind::kPipe;
    uint32_t written = 0;
    uint64_t dirty_bytes = 0;
  };

  DeviceStateEngine(DeviceStateEngineOptions options,
                    std::unique_ptr<TransferWorker> worker, FileDescriptor poll,
                    FileDescriptor timer);
  absl::StatusOr<Held> Prepare(uint32_t direction, uint32_t phase,
                               FileDescriptor fd, int control_fd);
  // Admits the channel of a save in rounds.
  absl::StatusOr<Rounds> PrepareRounds(FileDescriptor fd, int control_fd);
  // Returns the event of a DEVICE_STATE_ROUND, with refusal_ set if it is
  // unfit.
  RoundsEvent JudgeRound(uint32_t round, bool last);
  void FeedRounds(RoundsEvent event, Rounds* incoming = nullptr);
  void ExecuteRounds(RoundsActions actions, Rounds* incoming);
  // Ends a wait for a load that is over or complete.
  void SettleAwaited();
  void AnswerRound(absl::Status status);
  void Feed(SessionEvent event, Held* incoming = nullptr);
  void Execute(SessionActions actions, SessionState before, Held* incoming);
  void CancelStream(absl::string_view why);
  absl::Status StartTransfer();
  void AnswerSet(uint64_t value);
  void RefuseSet();
  // Answers CHECK with `result`; OK is 0.
  void AnswerCheck(const LoadResult& result);
  void UpdateDeadline(SessionState before, bool new_transfer);
  void SetDeadline(Deadline deadline);
  void Report(TransferReport::Stage stage, absl::Status status,
              uint64_t reply = 0);
  std::shared_ptr<FdStream> stream() const;
  void set_stream(std::shared_ptr<FdStream> stream);

  const DeviceStateEngineOptions options_;
  const FileDescriptor poll_fd_;
  const FileDescriptor timer_fd_;
  Session session_;
  RoundsSession rounds_session_;
  bool rounds_negotiated_ = false;
  Held held_;
  Rounds rounds_;
  // The rounds of the current load that have come, and the one that is waited
  // for.
  uint32_t loaded_rounds_ = 0;
  uint32_t awaited_round_ = 0;
  // Why that load has failed, while the rest of it is read.
  absl::Status load_failure_;
  LoadResult failure_ = absl::OkStatus();
  absl::Status start_failure_;
  // Why the next request is refused; failure_ belongs to the transfer until
  // then.
  absl::Status refusal_;
  TransferDirection refused_direction_ = TransferDirection::kSave;
  uint64_t last_id_ = 0;
  uint64_t active_id_ = 0;  // completions of other ids are stale
  Deadline deadline_ = Deadline::Never();
  std::deque<DeviceStateReply> replies_;
  mutable std::mutex stream_mutex_;
  std::shared_ptr<FdStream> stream_;
  // Declared last, so that it is joined before anything it uses goes away.
  std::unique_ptr<TransferWorker> worker_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_DEVICE_STATE_ENGINE_H_
