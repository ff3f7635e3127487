// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/serve_vfio_user.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/poll_ready.h"

namespace devstate::vfio {
namespace {

class Socket {
 public:
  Socket(int fd, const ServeOptions& options) : fd_(fd), options_(options) {}

  // Reads a message. Empty if the client has closed before its first byte.
  absl::StatusOr<std::string> Receive(const VfioUserServer& server) {
    std::string message;
    Deadline deadline = Deadline::Never();
    size_t size = kHeaderSize;
    while (message.size() < size) {
      DS_RETURN_IF_ERROR(Wait(POLLIN, deadline));
      DS_ASSIGN_OR_RETURN(const bool open, ReceiveSome(size, message));
      if (!open && message.empty()) return message;
      if (!open) {
        return absl::UnavailableError(
            absl::StrCat("vfio-user: the client closed ", message.size(),
                         " bytes into a message"));
      }
      if (deadline.never()) deadline = MessageDeadline();
      if (size == kHeaderSize && message.size() == kHeaderSize) {
        DS_ASSIGN_OR_RETURN(size, server.MessageSize(message));
      }
    }
    return message;
  }

  absl::Status Send(absl::string_view bytes) {
    const Deadline deadline = MessageDeadline();
    while (!bytes.empty()) {
      const ssize_t sent =
          ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        DS_RETURN_IF_ERROR(Wait(POLLOUT, deadline));
      } else if (errno != EINTR) {
        return ErrnoStatus(errno, "vfio-user: send");
      }
    }
    return absl::OkStatus();
  }

 private:
  Deadline MessageDeadline() const {
    return Deadline::After(options_.message_timeout);
  }

  // Reads up to `size` bytes into `message`, or none now. False at the end.
  absl::StatusOr<bool> ReceiveSome(size_t size, std::string& message) {
    const size_t have = message.size();
    message.resize(size);
    // Without control data the kernel drops any descriptors sent along.
    const ssize_t got = ::recv(fd_, &message[have], size - have, MSG_DONTWAIT);
    const int error = errno;
    message.resize(have + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got >= 0) return got > 0;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return true;
    return ErrnoStatus(error, "vfio-user: recv");
  }

  absl::Status Wait(short events, Deadline deadline) {
    DS_ASSIGN_OR_RETURN(const Readiness readiness,
                        PollReady(fd_, events, deadline, options_.cancel_fd));
    switch (readiness) {
      case Readiness::kReady:
        return absl::OkStatus();
      case Readiness::kCancelled:
        return absl::AbortedError("vfio-user: cancelled");
      case Readiness::kExpired:
        break;
    }
    return absl::DeadlineExceededError(absl::StrCat(
        "vfio-user: the client ",
        (events & POLLIN) != 0 ? "sent a part of a message" : "took no reply",
        " within ", absl::FormatDuration(options_.message_timeout)));
  }

  const int fd_;
  const ServeOptions& options_;
};

}  // namespace

absl::Status ServeVfioUser(const FileDescriptor& socket, VfioUserServer& server,
                           const ServeOptions& options) {
  Socket connection(socket.get(), options);
  while (true) {
    DS_ASSIGN_OR_RETURN(const std::string message, connection.Receive(server));
    if (message.empty()) return absl::OkStatus();
    DS_ASSIGN_OR_RETURN(const std::string reply, server.Handle(message));
    DS_RETURN_IF_ERROR(connection.Send(reply));
  }
}

}  // namespace devstate::vfio
