// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/backend_endpoint.h"

#include <poll.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::vhost_user {

BackendEndpoint::BackendEndpoint(BackendEndpointOptions options,
                                 std::optional<UnixListener> listener,
                                 WakeEvent stop)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      stop_(std::move(stop)),
      device_(options_.device) {}

BackendEndpoint::~BackendEndpoint() = default;

absl::StatusOr<std::unique_ptr<BackendEndpoint>> BackendEndpoint::Create(
    DeviceStateHandler* handler, BackendEndpointOptions options) {
  std::optional<UnixListener> listener;
  if (!options.connection.valid()) {
    DS_ASSIGN_OR_RETURN(UnixListener bound,
                        UnixListener::Listen(options.socket_path));
    listener.emplace(std::move(bound));
  }
  DS_ASSIGN_OR_RETURN(WakeEvent stop, WakeEvent::Create());
  std::unique_ptr<BackendEndpoint> endpoint(new BackendEndpoint(
      std::move(options), std::move(listener), std::move(stop)));
  DeviceStateEngineOptions transfer = endpoint->options_.transfer;
  transfer.report = [self = endpoint.get()](const TransferReport& report) {
    self->OnTransfer(report);
  };
  DS_ASSIGN_OR_RETURN(endpoint->engine_,
                      DeviceStateEngine::Create(handler, std::move(transfer)));
  return endpoint;
}

absl::Status BackendEndpoint::Serve() {
  if (options_.connection.valid()) {
    connection_.emplace(std::move(options_.connection));
  }
  while (!stop_.IsSignalled()) {
    if (!connection_.has_value()) {
      if (!listener_.has_value()) return absl::OkStatus();
      DS_RETURN_IF_ERROR(AcceptOne());
      continue;
    }
    const absl::Status end = ServeConnection();
    Log(absl::StrCat("connection over: ", end.message()));
    connection_.reset();
    engine_->Disconnected();
    device_.Reset();
    if (single()) return absl::OkStatus();
  }
  connection_.reset();
  return absl::OkStatus();
}

absl::Status BackendEndpoint::AcceptOne() {
  pollfd entries[2] = {{stop_.fd(), POLLIN, 0}, {listener_->fd(), POLLIN, 0}};
  if (::poll(entries, 2, -1) < 0) {
    return errno == EINTR ? absl::OkStatus() : ErrnoStatus(errno, "poll");
  }
  if (entries[0].revents != 0) return absl::OkStatus();
  absl::StatusOr<FileDescriptor> socket = listener_->Accept();
  if (!socket.ok()) {
    Log(socket.status().message());
    // No descriptor is left and the listener stays readable: without a pause
    // this would spin until one is closed.
    ::poll(entries, 1, 100);
    return absl::OkStatus();
  }
  if (socket->valid()) {
    Log("front-end connected");
    connection_.emplace(*std::move(socket));
  }
  return absl::OkStatus();
}

absl::Status BackendEndpoint::ServeConnection() {
  Deadline message_deadline = Deadline::Never();
  while (true) {
    // While a request is unanswered no further one is read: the protocol has
    // none then, and a peer that sends some finds its socket full.
    const short events = engine_->owes_reply() ? 0 : POLLIN;
    pollfd entries[3] = {{stop_.fd(), POLLIN, 0},
                         {connection_->fd(), events, 0},
                         {engine_->poll_fd(), POLLIN, 0}};
    if (::poll(entries, 3, message_deadline.PollTimeout()) < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "poll");
    }
    if (entries[0].revents != 0) return absl::AbortedError("stopped");
    if (entries[2].revents != 0) {
      engine_->Dispatch();
      DS_RETURN_IF_ERROR(SendReplies());
      continue;
    }
    if (events == 0) {
      if (entries[1].revents != 0) {
        return absl::UnavailableError(
            "control socket: the peer closed before it was answered");
      }
      continue;
    }
    if (entries[1].revents != 0) {
      DS_ASSIGN_OR_RETURN(std::optional<Message> message,
                          connection_->TryReceive());
      if (message.has_value()) {
        message_deadline = Deadline::Never();
        DS_RETURN_IF_ERROR(HandleMessage(*std::move(message)));
        continue;
      }
      if (connection_->mid_message() && message_deadline.never()) {
        message_deadline = Deadline::After(options_.message_timeout);
      }
    }
    if (message_deadline.Expired()) {
      return absl::DeadlineExceededError(
          absl::StrCat("control socket: a message not complete after ",
                       absl::FormatDuration(options_.message_timeout)));
    }
  }
}

absl::Status BackendEndpoint::HandleMessage(Message message) {
  if (options_.on_request) options_.on_request(message.request);
  absl::Status admitted = AdmitRequest(message);
  if (message.request == kDeviceStateRound && !device_.rounds_negotiated()) {
    // To anybody else it is an unknown number.
    admitted = CheckNegotiated(message.request, device_.protocol_features(),
                               kProtocolFRounds);
    return HandleMalformed(message, std::move(admitted));
  }
  if (admitted.ok() && (message.flags & kFlagReply) != 0) {
    admitted = absl::InvalidArgumentError(absl::StrCat(
        RequestName(message.request), ": a reply where a request is due"));
  }
  if (!admitted.ok()) return HandleMalformed(message, std::move(admitted));
  if (message.request == kSetDeviceStateFd) {
    engine_->SetDeviceStateFd(ReadU32(message.payload, 0),
                              ReadU32(message.payload, 4),
                              std::move(message.fds[0]), connection_->fd());
    return SendReplies();
  }
  if (message.request == kCheckDeviceState) {
    engine_->CheckDeviceState();
    return SendReplies();
  }
  if (message.request == kDeviceStateRound) {
    engine_->Round(ReadU32(message.payload, 0),
                   ReadU32(message.payload, 4) != 0);
    return SendReplies();
  }
  const bool was_negotiated = device_.device_state_negotiated();
  const bool had_rounds = device_.rounds_negotiated();
  const bool was_running = device_.running();
  DS_ASSIGN_OR_RETURN(const std::optional<Message> reply,
                      device_.Handle(std::move(message)));
  if (device_.device_state_negotiated() != was_negotiated ||
      device_.rounds_negotiated() != had_rounds) {
    engine_->SetNegotiated(device_.device_state_negotiated(),
                           device_.rounds_negotiated());
  }
  if (device_.running() != was_running) engine_->SetRunning(!was_running);
  return reply.has_value() ? Send(*reply) : absl::OkStatus();
}

absl::Status BackendEndpoint::HandleMalformed(const Message& message,
                                              absl::Status why) {
  // OnTransfer() logs what the engine answers.
  const bool logged = message.request == kSetDeviceStateFd ||
                      (message.request == kCheckDeviceState && !transfer_open_);
  if (!logged) Log(why.message());
  if (message.request == kSetDeviceStateFd) {
    engine_->RefuseDeviceStateFd(std::move(why));
    return SendReplies();
  }
  if (message.request == kCheckDeviceState) {
    engine_->RefuseCheck(std::move(why));
    return SendReplies();
  }
  if (message.request == kDeviceStateRound && device_.rounds_negotiated()) {
    engine_->RefuseRound(std::move(why));
    return SendReplies();
  }
  const std::optional<Message> refusal = device_.Refuse(message);
  return refusal.has_value() ? Send(*refusal) : why;
}

// A handler hears of no refused SET_DEVICE_STATE_FD, and of no
// CHECK_DEVICE_STATE without a transfer: nobody else can log why.
void BackendEndpoint::OnTransfer(const TransferReport& report) {
  using Stage = TransferReport::Stage;
  const bool refused_check =
      report.stage == Stage::kChecked && !report.status.ok() && !transfer_open_;
  if (report.stage == Stage::kRefused || refused_check) {
    const std::string request =
        RequestName(refused_check ? kCheckDeviceState : kSetDeviceStateFd);
    const absl::string_view why = report.status.message();
    Log(absl::StartsWith(why, request) ? std::string(why)
                                       : absl::StrCat(request, ": ", why));
  }
  if (report.stage == Stage::kAccepted) transfer_open_ = true;
  if (report.stage == Stage::kChecked || report.stage == Stage::kAbandoned) {
    transfer_open_ = false;
  }
  if (options_.transfer.report) options_.transfer.report(report);
}

absl::Status BackendEndpoint::SendReplies() {
  while (std::optional<DeviceStateReply> reply = engine_->TakeReply()) {
    DS_RETURN_IF_ERROR(Send(ToMessage(*std::move(reply))));
  }
  return absl::OkStatus();
}

absl::Status BackendEndpoint::Send(const Message& message) {
  return connection_->Send(message, Deadline::After(options_.message_timeout),
                           stop_.fd());
}

void BackendEndpoint::Log(absl::string_view line) const {
  if (options_.log) options_.log(line);
}

}  // namespace devstate::vhost_user
