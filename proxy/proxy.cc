// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/proxy.h"

#include <poll.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::proxy {
namespace {

using vhost_user::Message;
using vhost_user::RequestName;

absl::Status Of(absl::string_view peer, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(peer, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Proxy>> Proxy::Create(UnixListener listener,
                                                     ProxyOptions options) {
  DS_RETURN_IF_ERROR(CheckSpec(options.backend));
  DS_ASSIGN_OR_RETURN(WakeEvent stop, WakeEvent::Create());
  std::unique_ptr<Proxy> proxy(
      new Proxy(std::move(listener), std::move(options), std::move(stop)));
  if (!proxy->options_.backend.command.empty()) {
    DS_RETURN_IF_ERROR(proxy->OpenBackend());
  }
  return proxy;
}

absl::Status Proxy::OpenBackend() {
  DS_ASSIGN_OR_RETURN(
      backend_,
      Backend::Open(options_.backend, options_.backend_socket, stop_.fd()));
  Log(backend_->pid() == 0
          ? absl::StrCat("back-end connected at ", options_.backend.socket)
          : absl::StrCat("back-end started, process ", backend_->pid()));
  return absl::OkStatus();
}

absl::Status Proxy::Serve() {
  while (!stop_.IsSignalled()) {
    const absl::Status status = ServeOne();
    if (!status.ok() && !stop_.IsSignalled()) EndConnections(status);
  }
  EndConnections(absl::AbortedError("stopped"));
  return absl::OkStatus();
}

absl::Status Proxy::ServeOne() {
  // While an answer is due, of the front-end only its end is seen.
  pollfd entries[4] = {
      {stop_.fd(), POLLIN, 0},
      {frontend_.has_value() ? -1 : listener_.fd(), POLLIN, 0},
      {frontend_.has_value() ? frontend_->fd() : -1,
       static_cast<short>(awaited_.has_value() ? 0 : POLLIN), 0},
      {backend_ != nullptr ? backend_->connection().fd() : -1, POLLIN, 0}};
  if (::poll(entries, 4, NextDeadline().PollTimeout()) < 0) {
    return errno == EINTR ? absl::OkStatus() : ErrnoStatus(errno, "poll");
  }
  if (entries[0].revents != 0) return absl::OkStatus();
  // The back-end first: what it said before it closed still counts.
  if (entries[3].revents != 0) {
    absl::StatusOr<std::optional<Message>> message =
        Take(backend_->connection(), &backend_deadline_);
    if (!message.ok()) return Of("back-end", message.status());
    if (message->has_value()) return ForwardReply(**message);
  } else if (entries[2].revents != 0 && awaited_.has_value()) {
    return absl::UnavailableError(
        absl::StrCat("front-end: closed before it was answered to ",
                     RequestName(awaited_->request)));
  } else if (entries[2].revents != 0) {
    absl::StatusOr<std::optional<Message>> message =
        Take(*frontend_, &frontend_deadline_);
    if (!message.ok()) return Of("front-end", message.status());
    if (message->has_value()) return ForwardRequest(**std::move(message));
  } else if (entries[1].revents != 0) {
    return AcceptFrontend();
  }
  return CheckDeadlines();
}

absl::Status Proxy::AcceptFrontend() {
  absl::StatusOr<FileDescriptor> socket = listener_.Accept();
  if (!socket.ok()) {
    Log(socket.status().message());
    // No descriptor is left and the listener stays readable: without a pause
    // this would spin until one is closed.
    pollfd stop = {stop_.fd(), POLLIN, 0};
    ::poll(&stop, 1, 100);
    return absl::OkStatus();
  }
  if (!socket->valid()) return absl::OkStatus();
  Log("front-end connected");
  frontend_.emplace(*std::move(socket));
  return backend_ != nullptr ? absl::OkStatus() : OpenBackend();
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

absl::Status Proxy::ForwardRequest(Message request) {
  DS_RETURN_IF_ERROR(
      Of("back-end",
         backend_->connection().Send(
             request, Deadline::After(options_.message_timeout), stop_.fd())));
  if (!DeviceSetup::KeepsDescriptors(request.request)) request.fds.clear();
  if (!IsReplyDue(request, setup_.protocol_features())) {
    setup_.Remember(std::move(request), nullptr);
    return absl::OkStatus();
  }
  const bool transfer = request.request == vhost_user::kSetDeviceStateFd ||
                        request.request == vhost_user::kCheckDeviceState;
  reply_deadline_ = Deadline::After(transfer ? options_.transfer_timeout
                                             : options_.reply_timeout);
  awaited_ = std::move(request);
  return absl::OkStatus();
}

absl::Status Proxy::ForwardReply(const Message& reply) {
  if (!frontend_.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "back-end: sends ", RequestName(reply.request), " to nobody"));
  }
  // Before it goes on, so that descriptors which the front-end waits for are
  // closed.
  if (awaited_.has_value() && awaited_->request == reply.request) {
    setup_.Remember(*std::move(awaited_), &reply);
    awaited_.reset();
    reply_deadline_ = Deadline::Never();
  }
  return Of("front-end",
            frontend_->Send(reply, Deadline::After(options_.message_timeout),
                            stop_.fd()));
}

Deadline Proxy::NextDeadline() const {
  return Deadline::Earlier(
      reply_deadline_,
      Deadline::Earlier(frontend_deadline_, backend_deadline_));
}

absl::Status Proxy::CheckDeadlines() const {
  if (reply_deadline_.Expired()) {
    return absl::DeadlineExceededError(absl::StrCat(
        "back-end: no answer to ", RequestName(awaited_->request), " in time"));
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
  awaited_.reset();
  setup_ = DeviceSetup();
  reply_deadline_ = frontend_deadline_ = backend_deadline_ = Deadline::Never();
  if (backend_ == nullptr) return;
  const std::string end =
      absl::IsDeadlineExceeded(why) ? backend_->Kill() : backend_->Close();
  if (!end.empty()) Log(absl::StrCat("the back-end ", end));
  backend_.reset();
}

void Proxy::Log(absl::string_view line) const {
  if (options_.log) options_.log(line);
}

}  // namespace devstate::proxy
