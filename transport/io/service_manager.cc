// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/service_manager.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/attach_fds.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/poll_ready.h"

namespace devstate {
namespace {

// SD_LISTEN_FDS_START of sd_listen_fds(3).
constexpr int kFirstHandedOver = 3;
// A manager passes on what FileDescriptorStoreMax= and its sockets allow. More
// than any process may open is no number of descriptors.
constexpr int kMostHandedOver = 1 << 20;

std::string Variable(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? std::string() : value;
}

std::optional<int> StoreMaxInEnvironment() {
  int most = 0;
  if (!absl::SimpleAtoi(Variable("FDSTORE"), &most)) return std::nullopt;
  return most;
}

// Returns the names of the descriptors that were handed over to this process.
std::vector<std::string> NamesInEnvironment() {
  int count = 0;
  int pid = 0;
  if (!absl::SimpleAtoi(Variable("LISTEN_FDS"), &count) || count <= 0 ||
      count > kMostHandedOver ||
      !absl::SimpleAtoi(Variable("LISTEN_PID"), &pid) || pid != ::getpid()) {
    return {};
  }
  std::vector<std::string> names =
      absl::StrSplit(Variable("LISTEN_FDNAMES"), ':');
  names.resize(static_cast<size_t>(count), "unknown");
  return names;
}

absl::Status CheckName(absl::string_view name) {
  const auto bad = [](unsigned char c) {
    return c < ' ' || c == 0x7f || c == ':';
  };
  if (!name.empty() && name.size() <= 255 &&
      std::none_of(name.begin(), name.end(), bad)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a descriptor's name has 1 to 255 bytes, no colon and no control "
      "character; this one has ",
      name.size(), " bytes"));
}

}  // namespace

ServiceManager::ServiceManager()
    : store_max_(StoreMaxInEnvironment()),
      socket_(Variable("NOTIFY_SOCKET")),
      names_(NamesInEnvironment()) {
  for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
                           "LISTEN_FDNAMES", "LISTEN_PIDFDID", "FDSTORE"}) {
    unsetenv(name);
  }
}

std::vector<HandedOver> ServiceManager::Take(absl::string_view prefix) {
  for (std::string& name : names_) {
    const int fd = kFirstHandedOver + static_cast<int>(handed_over_.size());
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    handed_over_.push_back({std::move(name), FileDescriptor(fd)});
  }
  names_.clear();
  std::vector<HandedOver> taken;
  for (HandedOver& handed : handed_over_) {
    if (!handed.fd.valid() || !absl::StartsWith(handed.name, prefix)) continue;
    taken.push_back({handed.name, std::move(handed.fd)});
  }
  return taken;
}

absl::Status ServiceManager::Send(absl::string_view text, int fd) const {
  const std::string what = absl::StrCat("NOTIFY_SOCKET=", socket_);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": too long"));
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // An abstract name, which has a zero byte where the variable has an @.
  if (socket_[0] == '@') address.sun_path[0] = '\0';
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return ErrnoStatus(errno, what);
  iovec part = {const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_name = &address;
  message.msg_namelen =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  AttachFds(&fd, fd < 0 ? 0 : 1, control, &message);
  if (TEMP_FAILURE_RETRY(::sendmsg(socket.get(), &message, MSG_NOSIGNAL)) < 0) {
    return ErrnoStatus(errno, what);
  }
  return absl::OkStatus();
}

absl::Status ServiceManager::NotifyReady() const {
  return socket_.empty() ? absl::OkStatus() : Send("READY=1", -1);
}

absl::Status ServiceManager::Tell(absl::string_view what,
                                  const std::string& name, int fd,
                                  Deadline deadline) const {
  DS_RETURN_IF_ERROR(CheckName(name));
  if (socket_.empty()) {
    return absl::FailedPreconditionError(
        "no service manager keeps descriptors for this process "
        "($NOTIFY_SOCKET is not set): start it as a unit with "
        "FileDescriptorStoreMax=");
  }
  DS_RETURN_IF_ERROR(Send(absl::StrCat(what, "\nFDNAME=", name), fd));
  // The manager closes its end of the pipe when it has seen to all before. A
  // message of a process that is gone by then may be nobody's to it.
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  const FileDescriptor mine(ends[0]);
  FileDescriptor theirs(ends[1]);
  DS_RETURN_IF_ERROR(Send("BARRIER=1", theirs.get()));
  theirs.Reset();
  DS_ASSIGN_OR_RETURN(const Readiness readiness,
                      PollReady(mine.get(), 0, deadline, -1));
  if (readiness == Readiness::kReady) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the service manager has not answered on descriptor \"",
                   name, "\": look at its log"));
}

absl::Status ServiceManager::Store(const std::string& name, int fd,
                                   Deadline deadline) const {
  // The next process judges what it gets: a socket whose peer has gone says
  // more than none.
  return Tell("FDSTORE=1\nFDPOLL=0", name, fd, deadline);
}

absl::Status ServiceManager::Remove(const std::string& name,
                                    Deadline deadline) const {
  return Tell("FDSTOREREMOVE=1", name, -1, deadline);
}

}  // namespace devstate
