// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/attach_fds.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/poll_ready.h"

namespace devstate::vhost_user {
namespace {

// SCM_MAX_FD: the kernel takes no more in one sendmsg(). With room for all of
// them, MSG_CTRUNC can only mean that this process is at RLIMIT_NOFILE.
constexpr size_t kMaxKernelFds = 253;

// Moves the FDs out of the control data of `header` into owned objects, all of
// them, before anything is judged: what is not owned leaks.
void TakeFds(msghdr* header, std::vector<FileDescriptor>* fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr;
       part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      fds->emplace_back(fd);
    }
  }
}

}  // namespace

absl::Status Connection::Fail(absl::Status why) {
  if (failure_.ok()) failure_ = std::move(why);
  fds_.clear();
  partial_.clear();
  return failure_;
}

absl::StatusOr<size_t> Connection::ReceiveBytes(size_t size) {
  const size_t start = partial_.size();
  partial_.resize(start + size);
  iovec part = {&partial_[start], size};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxKernelFds * sizeof(int))];
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  ssize_t got;
  do {
    got = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  const int error = errno;
  partial_.resize(start + (got > 0 ? got : 0));
  if (got < 0) {
    if (error == EAGAIN || error == EWOULDBLOCK) return 0;
    return Fail(ErrnoStatus(error, "control socket: recvmsg"));
  }
  TakeFds(&header, &fds_);
  if ((header.msg_flags & MSG_CTRUNC) != 0) {
    return Fail(absl::ResourceExhaustedError(
        "control socket: file descriptors were lost on the way (MSG_CTRUNC); "
        "raise the limit of open files"));
  }
  if (got == 0) {
    return Fail(absl::UnavailableError(
        start == 0 ? std::string("control socket: the peer closed")
                   : absl::StrCat("control socket: the peer closed ", start,
                                  " bytes into a message")));
  }
  if (fds_.size() > kMaxMessageFds) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("control socket: ", fds_.size(),
                     " file descriptors with one message, at most ",
                     kMaxMessageFds, " are ever right")));
  }
  return got;
}

absl::StatusOr<std::optional<Message>> Connection::TryReceive() {
  if (!failure_.ok()) return failure_;
  while (true) {
    // Never reads past the message's end: the kernel hands FDs out with the
    // first byte they are attached to, so they cannot reach a wrong message.
    size_t want = kHeaderSize;
    if (partial_.size() >= kHeaderSize) {
      const MessageHeader header = DecodeHeader(partial_);
      if ((header.flags & kVersionMask) != kVersion) {
        return Fail(absl::InvalidArgumentError(
            absl::StrCat("control socket: flags 0x", absl::Hex(header.flags),
                         " have not version 1")));
      }
      if (header.size > kMaxPayloadSize) {
        return Fail(absl::InvalidArgumentError(absl::StrCat(
            "control socket: ", RequestName(header.request),
            " announces a payload of ", header.size, " bytes, at most ",
            kMaxPayloadSize, " are ever right")));
      }
      want += header.size;
      if (partial_.size() == want) {
        Message message;
        message.request = header.request;
        message.flags = header.flags;
        message.payload = partial_.substr(kHeaderSize);
        message.fds = std::move(fds_);
        partial_.clear();
        fds_.clear();
        return std::optional<Message>(std::move(message));
      }
    }
    DS_ASSIGN_OR_RETURN(const size_t got, ReceiveBytes(want - partial_.size()));
    if (got == 0) return std::optional<Message>();
  }
}

absl::Status Connection::WaitFor(short events, Deadline deadline,
                                 int cancel_fd) {
  const absl::StatusOr<Readiness> readiness =
      PollReady(socket_.get(), events, deadline, cancel_fd);
  if (!readiness.ok()) return Fail(readiness.status());
  switch (*readiness) {
    case Readiness::kReady:
      return absl::OkStatus();
    case Readiness::kCancelled:
      return Fail(absl::AbortedError("control socket: cancelled"));
    case Readiness::kExpired:
      break;
  }
  return Fail(absl::DeadlineExceededError(
      (events & POLLIN) != 0
          ? "control socket: no whole message before the deadline"
          : "control socket: the peer takes no message before the deadline"));
}

absl::StatusOr<Message> Connection::Receive(Deadline deadline, int cancel_fd) {
  while (true) {
    DS_ASSIGN_OR_RETURN(std::optional<Message> message, TryReceive());
    if (message.has_value()) return *std::move(message);
    DS_RETURN_IF_ERROR(WaitFor(POLLIN, deadline, cancel_fd));
  }
}

absl::Status Connection::Send(const Message& message, Deadline deadline,
                              int cancel_fd) {
  if (!failure_.ok()) return failure_;
  if (message.payload.size() > kMaxPayloadSize ||
      message.fds.size() > kMaxMessageFds) {
    return absl::InvalidArgumentError("message too large to send");
  }
  const std::string bytes = EncodeMessage(message);
  std::vector<int> fds;
  for (const FileDescriptor& fd : message.fds) fds.push_back(fd.get());
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxMessageFds * sizeof(int))] = {};
  size_t sent = 0;
  while (sent < bytes.size()) {
    iovec part = {const_cast<char*>(bytes.data()) + sent, bytes.size() - sent};
    msghdr header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (sent == 0) AttachFds(fds.data(), fds.size(), control, &header);
    const ssize_t wrote =
        ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote > 0) {
      sent += wrote;
    } else if (wrote < 0 && errno == EINTR) {
      continue;
    } else if (wrote < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      return Fail(ErrnoStatus(errno, "control socket: sendmsg"));
    } else {
      DS_RETURN_IF_ERROR(WaitFor(POLLOUT, deadline, cancel_fd));
    }
  }
  return absl::OkStatus();
}

absl::Status RequestError(uint32_t request, const absl::Status& status,
                          absl::Duration timeout) {
  const std::string name = RequestName(request);
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(
        absl::StrCat(name, ": the back-end closed the connection"));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return absl::DeadlineExceededError(absl::StrCat(
        name, ": no reply within ", absl::FormatDuration(timeout)));
  }
  return absl::Status(status.code(),
                      absl::StrCat(name, ": ", status.message()));
}

}  // namespace devstate::vhost_user
