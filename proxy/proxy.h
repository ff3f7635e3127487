// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A proxy for one device: forwards the control socket between a front-end and a
// back-end that need not know of it. The data path does not pass through here:
// rings and their events are shared memory and descriptors.

#ifndef DEVSTATE_PROXY_PROXY_H_
#define DEVSTATE_PROXY_PROXY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/backend.h"
#include "devstate/proxy/checkpoint.h"
#include "devstate/proxy/control_socket.h"
#include "devstate/proxy/device_setup.h"
#include "devstate/proxy/exchange.h"
#include "devstate/proxy/handover.h"
#include "devstate/proxy/offer_mask.h"
#include "devstate/proxy/replacement.h"
#include "devstate/proxy/stall_watch.h"
#include "devstate/proxy/state_translator.h"
#include "devstate/proxy/turn.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/device_state_engine.h"

namespace devstate::proxy {

struct ProxyOptions {
  BackendSpec backend;
  // The path at which a command's back-end shall listen. Required with one.
  std::string backend_socket;
  // How states are translated, without the bound of time. With kRaw, the
  // requests that transfer them go on as all others do.
  TranslatorOptions translation;
  // The kind of device, by its name in VIRTIO. Default: unknown.
  std::string device;
  // The most that a front-end is offered. Default: all.
  OfferMask offer;
  // The longest wait for a reply of the back-end. Default: 60 s.
  absl::Duration reply_timeout = absl::Seconds(60);
  // The same for CHECK_DEVICE_STATE and for SET_DEVICE_STATE_FD, which a
  // back-end may answer only when all is written. Default: 5 min.
  absl::Duration transfer_timeout = absl::Minutes(5);
  // The longest time from the first byte of a message to its last, and for
  // sending one. Default: 10 s.
  absl::Duration message_timeout = absl::Seconds(10);
  // The bounds of an exchange's waits.
  ExchangeLimits exchange_limits;
  // The time between two checkpoints of the state, from which a back-end is
  // started again that dies. Zero: none is made. Default: zero.
  absl::Duration checkpoint_interval = absl::ZeroDuration();
  // What this program was started with, by ProgramArguments(). Empty: it cannot
  // be exchanged itself. Default: empty.
  std::vector<std::string> arguments;
  // The folder that a program in its place must take over. Default: none.
  std::string folder;
  // The callback for log lines. Called on Serve()'s thread. Default: none.
  std::function<void(absl::string_view line)> log;
};

// Serves one front-end at a time. The next one waits in the listener's queue.
//
// Every message goes on as it came, in order, with its descriptors, also one
// that is not understood. Only transfers of state may be answered here. While
// an answer is due nothing more is read from the front-end. A back-end gets one
// message that the front-end did not send: a GET_FEATURES after a
// SET_VRING_ENABLE that is not to be answered. Whichever side closes, breaks
// the framing or lets a deadline pass, both connections are closed: the
// front-end sees what it would see without a proxy. The next front-end gets a
// new back-end.
class Proxy {
 public:
  // Takes the listener for front-ends. Exchanges are asked for at `control`, if
  // there is one. Errors: those of CheckSpec(), RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Proxy>> Create(
      UnixListener listener, ProxyOptions options,
      std::optional<UnixListener> control = std::nullopt);

  // Starts the back-end if it is a command's, so that one which cannot start is
  // found before Serve(). Errors: those of Backend::Open(), among them ABORTED
  // after Stop().
  absl::Status Start();

  // Goes on where the program before this one has left, instead of Start(), and
  // answers whoever asked for that. The listeners must have been moved from
  // `taken`. Errors: RESOURCE_EXHAUSTED.
  absl::Status Continue(TakenOver taken);

  // Serves until Stop(). Requires: Start() or Continue() has returned OK.
  absl::Status Serve();

  // Makes Start() and Serve() return. Async-signal-safe and thread-safe.
  void Stop() { stop_.Signal(); }

 private:
  // Whoever is asking at the control socket.
  struct Asker {
    FileDescriptor socket;
    Deadline deadline;
    ControlReader reader;
    ExchangeRequest request;
  };

  // An exchange that was asked for.
  struct PendingExchange {
    FileDescriptor asker;
    ExchangeRequest request;
    BackendSpec spec;
    ExchangeOptions options;
    // The new back-end, which starts while the old one serves.
    std::unique_ptr<Backend> next;
    // The new program of the proxy, if that is what shall be exchanged.
    std::unique_ptr<Replacement> replacement;
    absl::Time started;
    std::optional<absl::Duration> start;  // the time until it was ready
    Deadline give_up = Deadline::Never();
    Deadline not_before = Deadline::Never();
    uint32_t retried = 0;
  };

  Proxy(UnixListener listener, std::optional<UnixListener> control,
        ProxyOptions options, WakeEvent stop, WakeEvent turn)
      : options_(std::move(options)),
        spec_(options_.backend),
        listener_(std::move(listener)),
        control_(std::move(control)),
        stop_(std::move(stop)),
        turn_(std::move(turn)) {}

  absl::Status OpenBackend();
  // Returns a new connection, empty if there is none.
  FileDescriptor Accept(UnixListener& listener);
  absl::Status AcceptFrontend();
  // Tells the translator of the back-end.
  void AttachTranslator();
  // Prepares to answer the transfers of a new front-end.
  absl::Status OpenEngine();
  // Tells it what was negotiated, and whether rings run.
  void TellEngine();
  // Handles one event. The error ends the connections.
  absl::Status ServeOne();
  // Takes the next message of `from`, if it is there. `deadline` bounds the
  // rest of one that has begun.
  absl::StatusOr<std::optional<vhost_user::Message>> Take(
      vhost_user::Connection& from, Deadline* deadline);
  absl::Status ServeBackend();
  absl::Status ServeFrontend();
  absl::Status ServeTranslator();
  bool frontend_waits() const;
  // Returns whether the front-end is being given a state.
  bool saves() const;
  absl::Status HandleRequest(vhost_user::Message request);
  absl::Status HandleTransfer(vhost_user::Message request);
  absl::Status SendTransferReplies();
  // Requires: it is this thread's turn.
  absl::Status ForwardRequest(vhost_user::Message request);
  absl::Status SendToBackend(const vhost_user::Message& message);
  absl::Status ForwardReply(vhost_user::Message reply);
  // Takes a request that is over, with its reply if there was one.
  void Remember(vhost_user::Message request, const vhost_user::Message* reply);
  // Start and stop what is done at times: checkpoints, and looks at the rings.
  void StartClock();
  void StopClock();
  absl::Status ServeClock();
  // Drops the checkpoint, since the guest may go on with another session.
  void ForgetCheckpoint();
  // Makes the next checkpoint come as soon as it can, if there are any.
  void CheckpointSoon();
  absl::Status TakeCheckpoint();
  // Forgets the checkpoint, and says why there is none unless it did already.
  absl::Status LoseCheckpoint(const absl::Status& why);
  // Starts the back-end again if that has died. Returns false if the
  // connections must end.
  bool TryRecover();
  absl::Status Recover(const TemporaryFile& state, RecoveryReport* report);
  absl::StatusOr<std::unique_ptr<Backend>> StartAgain() const;
  absl::Status ServeControl();
  absl::Status TryExchange();
  absl::Status ReadRequest();
  // Starts the new back-end, and returns whether the exchange can be made now.
  absl::StatusOr<bool> PrepareExchange();
  // Returns UNAVAILABLE while something between front-end and back-end is half
  // done.
  absl::Status CheckQuiet() const;
  // Returns why this is no moment for an exchange. UNAVAILABLE: later may be.
  absl::Status CheckMoment() const;
  // Rehearses the new program, and runs it in this process when nothing is half
  // done. Returns only why that cannot be, or OK if it is not time yet.
  absl::Status TryReplace();
  // Starts the new program with what it would get now.
  absl::Status Rehearse(const HandoverDraft& draft);
  // Writes down all that a new program needs.
  absl::StatusOr<HandoverDraft> Draft() const;
  absl::Status RunExchange();
  // Takes another back-end while there is no front-end, so nothing to move.
  absl::Status ReplaceIdle();
  // Ends the new back-end of an exchange that is not made.
  void DropNext();
  // Ends old back-ends as far as that goes without waiting.
  void EndLeaving();
  void RefuseExchange(const absl::Status& why);
  void AnswerExchange(const ExchangeReport& report);
  Deadline NextDeadline() const;
  absl::Status CheckDeadlines() const;
  void EndConnections(const absl::Status& why);
  void LogTransfers() const;
  void Log(absl::string_view line) const;

  const ProxyOptions options_;
  BackendSpec spec_;  // of the back-end after the last exchange
  UnixListener listener_;
  std::optional<UnixListener> control_;
  const WakeEvent stop_;
  Turn turn_;
  DeviceSetup setup_;
  std::unique_ptr<Backend> backend_;
  std::optional<vhost_user::Connection> frontend_;
  // The request that is not over. It is this thread's turn until then.
  std::optional<vhost_user::Message> awaited_;
  // The reply that ends it: its own, or that to a question of the proxy, which
  // does not go on.
  uint32_t awaited_reply_ = 0;
  // The request that waits for this thread's turn.
  std::optional<vhost_user::Message> held_;
  Deadline reply_deadline_ = Deadline::Never();
  Deadline frontend_deadline_ = Deadline::Never();
  Deadline backend_deadline_ = Deadline::Never();
  // When rings that are partly enabled count as left so.
  Deadline rings_settle_ = Deadline::Never();
  // What the engine was told.
  bool negotiated_ = false;
  bool running_ = false;
  Deadline watch_at_ = Deadline::Never();
  StallWatch watch_;
  Deadline checkpoint_at_ = Deadline::Never();
  std::optional<Checkpoint> checkpoint_;
  // Whether there was one. A guest that begins is not disturbed for its first.
  bool checkpoint_forgotten_ = false;
  std::string no_checkpoint_;  // why there is none, as it was last said
  std::optional<Asker> asker_;
  std::optional<PendingExchange> exchange_;
  // Those that were exchanged for others, until their processes have ended.
  std::vector<std::unique_ptr<Backend>> leaving_;
  // The engine uses the translator.
  std::unique_ptr<StateTranslator> translator_;
  std::unique_ptr<vhost_user::DeviceStateEngine> engine_;
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_PROXY_H_
