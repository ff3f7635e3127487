// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate {
namespace {

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  if (path.empty()) {
    return absl::InvalidArgumentError("the socket path is empty");
  }
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", path.size(),
                     " bytes are too long for a socket path (at "
                     "most ",
                     sizeof(address.sun_path) - 1, "); choose a shorter one"));
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int BindTo(int fd, const sockaddr_un& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address));
}

// Finds out whether the file in the way is a socket that nobody listens on,
// and removes it then.
absl::Status RemoveStaleSocket(const std::string& path,
                               const sockaddr_un& address) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return ErrnoStatus(errno, path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path,
                     ": exists and is not a socket; remove it or choose "
                     "another socket path"));
  }
  const FileDescriptor probe(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return ErrnoStatus(errno, "socket");
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0 &&
      errno == ECONNREFUSED) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, absl::StrCat(path,
                                             ": left behind by a process "
                                             "that is gone, and cannot "
                                             "be removed"));
    }
    return absl::OkStatus();
  }
  return absl::AlreadyExistsError(
      absl::StrCat(path,
                   ": another process listens on this socket; stop it or "
                   "choose another socket path"));
}

}  // namespace

absl::StatusOr<UnixListener> UnixListener::Listen(const std::string& path) {
  DS_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  FileDescriptor fd(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  if (BindTo(fd.get(), address) != 0) {
    if (errno != EADDRINUSE) {
      return ErrnoStatus(errno, absl::StrCat(path, ": cannot listen"));
    }
    DS_RETURN_IF_ERROR(RemoveStaleSocket(path, address));
    if (BindTo(fd.get(), address) != 0) {
      return ErrnoStatus(errno, absl::StrCat(path, ": cannot listen"));
    }
  }
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || ::listen(fd.get(), 8) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return ErrnoStatus(error, absl::StrCat(path, ": cannot listen"));
  }
  return UnixListener(std::move(fd), {path, info.st_dev, info.st_ino});
}

absl::StatusOr<UnixListener> UnixListener::Adopt(FileDescriptor fd,
                                                 BoundName name) {
  int listens = 0;
  int type = 0;
  int domain = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
      listens == 0 || type != SOCK_STREAM || domain != AF_UNIX) {
    return absl::FailedPreconditionError(
        absl::StrCat("file descriptor ", fd.get(),
                     " is no listening Unix stream socket; pass one that is"));
  }
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "fcntl");
  }
  return UnixListener(std::move(fd), std::move(name));
}

UnixListener& UnixListener::operator=(UnixListener&& other) noexcept {
  const UnixListener old(std::move(*this));
  fd_ = std::move(other.fd_);
  name_ = std::move(other.name_);
  return *this;
}

UnixListener::~UnixListener() {
  if (!fd_.valid() || path().empty()) return;  // moved from, or not bound here
  struct stat info = {};
  if (::lstat(path().c_str(), &info) == 0 && info.st_dev == name_.device &&
      info.st_ino == name_.inode) {
    ::unlink(path().c_str());
  }
}

absl::StatusOr<FileDescriptor> UnixListener::Accept() {
  while (true) {
    FileDescriptor fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) return fd;
    switch (errno) {
      case EINTR:
        continue;
      case EAGAIN:
      case ECONNABORTED:
        return FileDescriptor();
      default:
        return ErrnoStatus(errno, absl::StrCat(path(), ": accept"));
    }
  }
}

absl::StatusOr<FileDescriptor> ConnectUnix(const std::string& path,
                                           Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  FileDescriptor fd(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "socket");
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return ErrnoStatus(errno, absl::StrCat(path, ": cannot connect"));
    }
    // The listener's queue is full. The kernel offers no event for room in it.
    if (deadline.Expired()) {
      return absl::DeadlineExceededError(
          absl::StrCat(path, ": the listener takes no connection"));
    }
    ::poll(nullptr, 0,
           std::min(10, deadline.never() ? 10 : deadline.PollTimeout()));
  }
  return fd;
}

absl::StatusOr<std::pair<FileDescriptor, FileDescriptor>> SocketPair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoStatus(errno, "socketpair");
  }
  return std::make_pair(FileDescriptor(fds[0]), FileDescriptor(fds[1]));
}

}  // namespace devstate
