// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/control_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::proxy {
namespace {

absl::Status WaitFor(int socket, short events, Deadline deadline) {
  while (!deadline.Expired()) {
    pollfd entry = {socket, events, 0};
    if (::poll(&entry, 1, deadline.PollTimeout()) > 0) return absl::OkStatus();
  }
  return absl::DeadlineExceededError("control socket: nothing in time");
}

}  // namespace

absl::Status SendControl(int socket,
                         const google::protobuf::MessageLite& message,
                         Deadline deadline) {
  const std::string bytes = message.SerializeAsString();
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t wrote =
        ::send(socket, bytes.data() + sent, bytes.size() - sent,
               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote > 0) {
      sent += wrote;
    } else if (errno == EAGAIN) {
      DS_RETURN_IF_ERROR(WaitFor(socket, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return ErrnoStatus(errno, "control socket");
    }
  }
  if (::shutdown(socket, SHUT_WR) != 0) {
    return ErrnoStatus(errno, "control socket");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ControlReader::TryRead(
    int socket, google::protobuf::MessageLite* message) {
  char buffer[4096];
  while (true) {
    const ssize_t got = ::recv(socket, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got > 0) {
      bytes_.append(buffer, static_cast<size_t>(got));
      if (bytes_.size() > kMaxControlMessage) {
        return absl::InvalidArgumentError(absl::StrCat(
            "control socket: more than ", kMaxControlMessage, " bytes"));
      }
    } else if (got == 0) {
      break;
    } else if (errno == EAGAIN) {
      return false;
    } else if (errno != EINTR) {
      return ErrnoStatus(errno, "control socket");
    }
  }
  if (bytes_.empty()) {
    return absl::UnavailableError("control socket: closed without a message");
  }
  if (!message->ParseFromString(bytes_)) {
    return absl::InvalidArgumentError("control socket: not the message due");
  }
  return true;
}

absl::Status ReceiveControl(int socket, Deadline deadline,
                            google::protobuf::MessageLite* message) {
  ControlReader reader;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool whole, reader.TryRead(socket, message));
    if (whole) return absl::OkStatus();
    DS_RETURN_IF_ERROR(WaitFor(socket, POLLIN, deadline));
  }
}

}  // namespace devstate::proxy
