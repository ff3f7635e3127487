// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One loop, in which everything is a descriptor: both connections, the worker
// that transfers state, the operator's question. A message is read only when
// there is somewhere to put it, so nothing is queued here and memory is that of
// two messages.

#include "devstate/proxy/proxy.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/proxy/backend_label.h"
#include "devstate/proxy/wake_ring.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "proxy/proxy_internal.h"

namespace devstate::proxy {
namespace {

using vhost_user::Message;
using vhost_user::RequestName;

// How long nobody must have said anything before an exchange. Front-ends stop
// and start rings in sequences of requests.
constexpr absl::Duration kQuiet = absl::Milliseconds(10);
// Between two looks at a process that is to end.
constexpr absl::Duration kLeavingPause = absl::Milliseconds(20);

bool SwitchesRings(uint32_t request) {
  return request == vhost_user::kSetVringEnable ||
         request == vhost_user::kSetVringKick ||
         vhost_user::StopsRing(request);
}

bool StopsRings(uint32_t request) {
  return vhost_user::StopsRing(request) ||
         request == vhost_user::kResetDevice ||
         request == vhost_user::kResetOwner;
}

bool IsTransfer(uint32_t request) {
  return request == vhost_user::kSetDeviceStateFd ||
         request == vhost_user::kCheckDeviceState;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Proxy>> Proxy::Create(
    UnixListener listener, ProxyOptions options,
    std::optional<UnixListener> control) {
  DS_RETURN_IF_ERROR(CheckSpec(options.backend));
  DS_ASSIGN_OR_RETURN(WakeEvent stop, WakeEvent::Create());
  DS_ASSIGN_OR_RETURN(WakeEvent turn, WakeEvent::Create());
  return std::unique_ptr<Proxy>(
      new Proxy(std::move(listener), std::move(control), std::move(options),
                std::move(stop), std::move(turn)));
}

absl::Status Proxy::Start() {
  return spec_.command.empty() ? absl::OkStatus() : OpenBackend();
}

absl::Status Proxy::OpenBackend() {
  DS_ASSIGN_OR_RETURN(
      backend_, Backend::Open(spec_, options_.backend_socket, stop_.fd()));
  Log(backend_->pid() == 0
          ? absl::StrCat("back-end connected at ", spec_.socket)
          : absl::StrCat("back-end started, process ", backend_->pid()));
  return absl::OkStatus();
}

absl::Status Proxy::Serve() {
  while (!stop_.IsSignalled()) {
    const absl::Status status = ServeOne();
    if (status.ok() || stop_.IsSignalled() || TryRecover()) continue;
    EndConnections(status);
  }
  EndConnections(absl::AbortedError("stopped"));
  leaving_.clear();
  return absl::OkStatus();
}

bool Proxy::frontend_waits() const {
  return awaited_.has_value() || held_.has_value() ||
         (engine_ != nullptr && engine_->owes_reply());
}

bool Proxy::saves() const {
  if (engine_ == nullptr) return false;
  switch (engine_->state()) {
    case vhost_user::SessionState::kSaving:
    case vhost_user::SessionState::kSaved:
    case vhost_user::SessionState::kCheckingSave:
      return true;
    default:
      return false;
  }
}

absl::Status Proxy::ServeOne() {
  EndLeaving();
  DS_RETURN_IF_ERROR(ServeClock());
  // While the front-end waits, only the end of its connection is seen. The
  // back-end's answers to another thread are not for this one. One that has
  // saved its state may end, as passt does, before the front-end has it.
  const bool back =
      backend_ != nullptr &&
      (awaited_.has_value() || (!turn_.IsTaken() && !saves()));
  pollfd entries[7] = {
      {stop_.fd(), POLLIN, 0},
      {frontend_.has_value() ? -1 : listener_.fd(), POLLIN, 0},
      {frontend_.has_value() ? frontend_->fd() : -1,
       static_cast<short>(frontend_waits() ? 0 : POLLIN), 0},
      {back ? backend_->connection().fd() : -1, POLLIN, 0},
      {engine_ != nullptr ? engine_->poll_fd() : -1, POLLIN, 0},
      {turn_.fd(), POLLIN, 0},
      {exchange_.has_value() || !control_.has_value() ? -1
       : asker_.has_value()                           ? asker_->socket.get()
                                                      : control_->fd(),
       POLLIN, 0}};
  // An exchange waits until nobody has said anything for a moment.
  const Deadline deadline =
      exchange_.has_value()
          ? Deadline::Earlier(NextDeadline(), Deadline::After(kQuiet))
          : NextDeadline();
  const int ready = ::poll(entries, 7, deadline.PollTimeout());
  if (ready < 0) {
    return errno == EINTR ? absl::OkStatus() : ErrnoStatus(errno, "poll");
  }
  // Nor does it wait for ever where somebody always says something.
  if (exchange_.has_value() && (ready == 0 || exchange_->give_up.Expired())) {
    DS_RETURN_IF_ERROR(CheckDeadlines());
    return TryExchange();
  }
  if (entries[0].revents != 0) return absl::OkStatus();
  if (entries[5].revents != 0) return ServeTranslator();
  if (entries[4].revents != 0) {
    engine_->Dispatch();
    LogTransfers();
    DS_RETURN_IF_ERROR(SendTransferReplies());
  } else if (entries[3].revents != 0) {
    // Before the front-end: what it said before it closed still counts.
    DS_RETURN_IF_ERROR(ServeBackend());
  } else if (entries[2].revents != 0) {
    DS_RETURN_IF_ERROR(ServeFrontend());
  } else if (entries[1].revents != 0) {
    return AcceptFrontend();
  } else if (entries[6].revents != 0 ||
             (asker_.has_value() && asker_->deadline.Expired())) {
    DS_RETURN_IF_ERROR(ServeControl());
  }
  return CheckDeadlines();
}

absl::Status Proxy::ServeTranslator() {
  turn_.Clear();
  if (translator_ == nullptr) return absl::OkStatus();
  LogTransfers();
  DS_RETURN_IF_ERROR(Of("back-end", translator_->broken()));
  if (!held_.has_value() || !turn_.TryTake()) return absl::OkStatus();
  Message request = *std::move(held_);
  held_.reset();
  return ForwardRequest(std::move(request));
}

absl::Status Proxy::ServeBackend() {
  const bool mine = awaited_.has_value();
  if (!mine && !turn_.TryTake()) return absl::OkStatus();
  absl::StatusOr<std::optional<Message>> message =
      Take(backend_->connection(), &backend_deadline_);
  if (!mine) turn_.Return();
  if (!message.ok()) return Of("back-end", message.status());
  return message->has_value() ? ForwardReply(**std::move(message))
                              : absl::OkStatus();
}

absl::Status Proxy::ServeFrontend() {
  if (frontend_waits()) {
    return absl::UnavailableError("front-end: closed before it was answered");
  }
  absl::StatusOr<std::optional<Message>> message =
      Take(*frontend_, &frontend_deadline_);
  if (!message.ok()) return Of("front-end", message.status());
  return message->has_value() ? HandleRequest(**std::move(message))
                              : absl::OkStatus();
}

FileDescriptor Proxy::Accept(UnixListener& listener) {
  absl::StatusOr<FileDescriptor> socket = listener.Accept();
  if (socket.ok()) return *std::move(socket);
  Log(socket.status().message());
  // No descriptor is left and the listener stays readable: without a pause this
  // would spin until one is closed.
  pollfd stop = {stop_.fd(), POLLIN, 0};
  ::poll(&stop, 1, 100);
  return FileDescriptor();
}

absl::Status Proxy::AcceptFrontend() {
  FileDescriptor socket = Accept(listener_);
  if (!socket.valid()) return absl::OkStatus();
  Log("front-end connected");
  frontend_.emplace(std::move(socket));
  StartClock();
  DS_RETURN_IF_ERROR(OpenEngine());
  return backend_ != nullptr ? absl::OkStatus() : OpenBackend();
}

absl::Status Proxy::OpenEngine() {
  if (options_.translation.form == StateForm::kRaw) return absl::OkStatus();
  TranslatorOptions translation = options_.translation;
  translation.timeout = options_.transfer_timeout;
  translator_ = std::make_unique<StateTranslator>(translation, &turn_);
  vhost_user::DeviceStateEngineOptions engine;
  engine.check_timeout = options_.transfer_timeout;
  engine.limits.total = options_.transfer_timeout;
  DS_ASSIGN_OR_RETURN(engine_, vhost_user::DeviceStateEngine::Create(
                                   translator_.get(), std::move(engine)));
  return absl::OkStatus();
}

void Proxy::AttachTranslator() {
  translator_->Attach(backend_->connection().fd(), setup_.protocol_features(),
                      LabelOf(spec_, options_.device));
}

absl::StatusOr<std::optional<Message>> Proxy::Take(vhost_user::Connection& from,
                                                   Deadline* deadline) {
  DS_ASSIGN_OR_RETURN(std::optional<Message> message, from.TryReceive());
  if (message.has_value() || !from.mid_message()) {
    *deadline = Deadline::Never();
  } else if (deadline->never()) {
    *deadline = Deadline::After(options_.message_timeout);
  }
  return message;
}

absl::Status Proxy::HandleRequest(Message request) {
  DS_RETURN_IF_ERROR(
      Of("front-end", options_.offer.CheckAcknowledged(request)));
  if (engine_ != nullptr && IsTransfer(request.request)) {
    return HandleTransfer(std::move(request));
  }
  if (turn_.TryTake()) return ForwardRequest(std::move(request));
  held_ = std::move(request);
  return absl::OkStatus();
}

absl::Status Proxy::HandleTransfer(Message request) {
  const absl::Status admitted = AdmitRequest(request);
  const bool set = request.request == vhost_user::kSetDeviceStateFd;
  if (!admitted.ok()) {
    Log(admitted.message());
    set ? engine_->RefuseDeviceStateFd(admitted)
        : engine_->RefuseCheck(admitted);
  } else if (set) {
    engine_->SetDeviceStateFd(vhost_user::ReadU32(request.payload, 0),
                              vhost_user::ReadU32(request.payload, 4),
                              std::move(request.fds[0]), frontend_->fd());
  } else {
    engine_->CheckDeviceState();
  }
  return SendTransferReplies();
}

absl::Status Proxy::SendTransferReplies() {
  while (std::optional<vhost_user::DeviceStateReply> reply =
             engine_->TakeReply()) {
    DS_RETURN_IF_ERROR(Of(
        "front-end", frontend_->Send(vhost_user::ToMessage(*std::move(reply)),
                                     Deadline::After(options_.message_timeout),
                                     stop_.fd())));
  }
  return absl::OkStatus();
}

absl::Status Proxy::SendToBackend(const Message& message) {
  return Of("back-end", backend_->connection().Send(
                            message, Deadline::After(options_.message_timeout),
                            stop_.fd()));
}

absl::Status Proxy::ForwardRequest(Message request) {
  const bool answered = IsReplyDue(request, setup_.protocol_features());
  // The back-end must have enabled a ring before the ring is kicked. Where the
  // front-end does not ask whether it has, a question does whose answer comes
  // after that, as QEMU's own without REPLY_ACK.
  const bool asks = !answered && setup_.RingEnabledBy(request) != nullptr;
  absl::Status sent = SendToBackend(request);
  if (sent.ok() && asks) {
    Message question;
    question.request = vhost_user::kGetFeatures;
    sent = SendToBackend(question);
  }
  if (!sent.ok()) {
    // For another back-end, if there will be one.
    held_ = std::move(request);
    turn_.Return();
    return sent;
  }
  if (!DeviceSetup::KeepsDescriptors(request.request)) request.fds.clear();
  if (!answered && !asks) {
    Remember(std::move(request), nullptr);
    turn_.Return();
    return absl::OkStatus();
  }
  reply_deadline_ =
      Deadline::After(IsTransfer(request.request) ? options_.transfer_timeout
                                                  : options_.reply_timeout);
  awaited_reply_ = asks ? vhost_user::kGetFeatures : request.request;
  awaited_ = std::move(request);
  return absl::OkStatus();
}

absl::Status Proxy::ForwardReply(Message reply) {
  options_.offer.Apply(&reply);
  if (!frontend_.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "back-end: sends ", RequestName(reply.request), " to nobody"));
  }
  // Before it goes on, so that descriptors which the front-end waits for are
  // closed.
  if (awaited_.has_value() && reply.request == awaited_reply_) {
    const bool asked = awaited_->request != reply.request;
    Remember(*std::move(awaited_), asked ? nullptr : &reply);
    awaited_.reset();
    reply_deadline_ = Deadline::Never();
    turn_.Return();
    if (asked) return absl::OkStatus();
  }
  return Of("front-end",
            frontend_->Send(reply, Deadline::After(options_.message_timeout),
                            stop_.fd()));
}

void Proxy::Remember(Message request, const Message* reply) {
  if (StopsRings(request.request)) ForgetCheckpoint();
  if (SwitchesRings(request.request)) {
    rings_settle_ = Deadline::After(kSettling);
    if (checkpoint_forgotten_) CheckpointSoon();
  }
  const Ring* enabled = setup_.RingEnabledBy(request);
  setup_.Remember(std::move(request), reply);
  // QEMU gives a kick with SET_VRING_KICK, for requests that nobody had taken
  // when the rings stopped: the guest does not repeat its own. Some back-ends,
  // virtiofsd up to 1.13 among them, drop it if it comes before
  // SET_VRING_ENABLE. One too many does no harm.
  if (enabled != nullptr && enabled->enable.value_or(0) != 0) {
    Wake(enabled->kick);
  }
  TellEngine();
}

void Proxy::TellEngine() {
  if (engine_ == nullptr) return;
  const bool negotiated =
      (setup_.protocol_features() & vhost_user::kProtocolFDeviceState) != 0;
  const bool running = setup_.any_ring_started();
  if (negotiated != negotiated_) {
    AttachTranslator();
    engine_->SetNegotiated(negotiated);
  }
  if (running != running_) engine_->SetRunning(running);
  negotiated_ = negotiated;
  running_ = running;
}

Deadline Proxy::NextDeadline() const {
  Deadline next = Deadline::Earlier(
      reply_deadline_,
      Deadline::Earlier(frontend_deadline_, backend_deadline_));
  next = Deadline::Earlier(next,
                           Deadline::Earlier(watch_at_, checkpoint_at_));
  if (asker_.has_value()) next = Deadline::Earlier(next, asker_->deadline);
  if (leaving_.empty()) return next;
  return Deadline::Earlier(next, Deadline::After(kLeavingPause));
}

absl::Status Proxy::CheckDeadlines() const {
  if (reply_deadline_.Expired()) {
    return absl::DeadlineExceededError(absl::StrCat(
        "back-end: no answer to ", RequestName(awaited_reply_), " in time"));
  }
  if (frontend_deadline_.Expired() || backend_deadline_.Expired()) {
    return absl::DeadlineExceededError(
        absl::StrCat(frontend_deadline_.Expired() ? "front-end" : "back-end",
                     ": a message not complete after ",
                     absl::FormatDuration(options_.message_timeout)));
  }
  return absl::OkStatus();
}

void Proxy::EndConnections(const absl::Status& why) {
  if (frontend_.has_value() || backend_ != nullptr) {
    Log(absl::StrCat("connection over: ", why.message()));
  }
  // The front-end first: it should not wait for the end of a process.
  frontend_.reset();
  held_.reset();
  if (awaited_.has_value()) turn_.Return();
  awaited_.reset();
  if (translator_ != nullptr) translator_->Stop();
  engine_.reset();
  LogTransfers();
  translator_.reset();
  negotiated_ = running_ = false;
  setup_ = DeviceSetup();
  StopClock();
  // Its socket's name is that of the next one, too.
  DropNext();
  reply_deadline_ = frontend_deadline_ = backend_deadline_ = Deadline::Never();
  if (backend_ == nullptr) return;
  const std::string end =
      absl::IsDeadlineExceeded(why) ? backend_->Kill() : backend_->Close();
  if (!end.empty()) Log(absl::StrCat("the back-end ", end));
  backend_.reset();
}

void Proxy::LogTransfers() const {
  if (translator_ == nullptr) return;
  for (const std::string& line : translator_->TakeLines()) Log(line);
}

void Proxy::Log(absl::string_view line) const {
  if (options_.log) options_.log(line);
}

}  // namespace devstate::proxy
