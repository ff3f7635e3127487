// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A front-end may send any descriptor. Each kind is looked at with the calls
// that tell most about it, and everything that is not known to work is refused
// before the transfer, because a wrong channel would fail in the middle of the
// downtime.

#include "devstate/transport/io/channel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate {
namespace {

constexpr int kPipeSize = 1 << 20;

absl::Status Unfit(absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("unfit as a device-state channel: ", why));
}

std::string ProcPath(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

// What /proc calls the descriptor, for example "anon_inode:[eventfd]".
std::string ProcName(int fd) {
  char name[256];
  const ssize_t size = ::readlink(ProcPath(fd).c_str(), name, sizeof(name));
  return size > 0 ? std::string(name, size) : std::string();
}

absl::StatusOr<FileDescriptor> Duplicate(const FileDescriptor& fd) {
  FileDescriptor copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoStatus(errno, "fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}

absl::StatusOr<FileDescriptor> NamelessFile(std::string folder) {
  if (folder.empty()) {
    const char* temporary = std::getenv("TMPDIR");
    folder = temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
  }
  FileDescriptor fd(TEMP_FAILURE_RETRY(
      ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
  if (fd.valid()) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR) {
    return ErrnoStatus(errno, absl::StrCat(folder, ": cannot make a file"));
  }
  // The file system knows no nameless files.
  std::string name = absl::StrCat(folder, "/devstate-XXXXXX");
  fd.Reset(::mkostemp(&name[0], O_CLOEXEC));
  if (!fd.valid()) {
    return ErrnoStatus(errno, absl::StrCat(folder, ": cannot make a file"));
  }
  ::unlink(name.c_str());
  return fd;
}

absl::Status InspectSocket(int fd, const struct stat& info, int control_fd) {
  struct stat control = {};
  if (control_fd >= 0 && ::fstat(control_fd, &control) == 0 &&
      control.st_dev == info.st_dev && control.st_ino == info.st_ino) {
    return Unfit("it is the vhost-user socket itself");
  }
  int type = 0;
  int listening = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return ErrnoStatus(errno, "getsockopt(SO_TYPE)");
  }
  if (type != SOCK_STREAM) {
    return Unfit("a socket that keeps message boundaries, not a stream");
  }
  size = sizeof(int);
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
      listening != 0) {
    return Unfit("a listening socket");
  }
  sockaddr_storage peer;
  size = sizeof(peer);
  // EINVAL: was connected once and the peer has gone; reading may still work.
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 &&
      errno == ENOTCONN) {
    return Unfit("a socket that is not connected");
  }
  return absl::OkStatus();
}

absl::Status InspectCharacterDevice(int fd, const struct stat& info) {
  // The memory devices (major 1) never wait: null 3, zero 5, full 7, random 8,
  // urandom 9. Byte limits and deadlines bound them.
  if (major(info.st_rdev) == 1) {
    switch (minor(info.st_rdev)) {
      case 3:
      case 5:
      case 7:
      case 8:
      case 9:
        return absl::OkStatus();
      default:
        break;
    }
  }
  return Unfit(::isatty(fd) ? "a terminal" : "a character device");
}

absl::Status InspectFile(int fd, ChannelUse use, int flags,
                         const struct stat& info, ChannelInfo* result) {
  // F_GET_SEALS works on every file of a tmpfs; the name tells a memfd.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  result->kind = seals >= 0 && absl::StartsWith(ProcName(fd), "/memfd:")
                     ? ChannelKind::kMemfd
                     : ChannelKind::kFile;
  if ((flags & O_DIRECT) != 0) return Unfit("a file opened with O_DIRECT");
  result->offset = ::lseek(fd, 0, SEEK_CUR);
  if (result->offset < 0) return ErrnoStatus(errno, "lseek");
  if (use == ChannelUse::kRead) return absl::OkStatus();
  if (seals >= 0 &&
      (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_GROW)) != 0) {
    return Unfit("a memfd sealed against writing or growing");
  }
  // Old content would look like the end of the state. With O_APPEND the state
  // would even begin after it.
  if (info.st_size > result->offset) {
    return Unfit(absl::StrCat("a file that already has ", info.st_size,
                              " bytes, at offset ", result->offset));
  }
  return absl::OkStatus();
}

absl::Status InspectAccess(int flags, ChannelUse use) {
  if ((flags & O_PATH) != 0) return Unfit("opened with O_PATH");
  const int access = flags & O_ACCMODE;
  if (use == ChannelUse::kRead && access == O_WRONLY) {
    return Unfit("write-only, but the state is to be read from it");
  }
  if (use == ChannelUse::kWrite && access == O_RDONLY) {
    return Unfit("read-only, but the state is to be written to it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ChannelKindName(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::kPipe:
      return "pipe";
    case ChannelKind::kSocketPair:
      return "socketpair";
    case ChannelKind::kMemfd:
      return "memfd";
    case ChannelKind::kFile:
      return "file";
  }
  return "unknown";
}

absl::StatusOr<ChannelKind> ParseChannelKind(absl::string_view name) {
  for (const ChannelKind kind : kAllChannelKinds) {
    if (name == ChannelKindName(kind)) return kind;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", name, "' is no channel; choose pipe, socketpair, memfd or file"));
}

absl::StatusOr<ChannelEnds> CreateChannel(ChannelKind kind,
                                          const std::string& file_folder) {
  ChannelEnds ends;
  switch (kind) {
    case ChannelKind::kPipe: {
      int fds[2];
      if (::pipe2(fds, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe2");
      ends.read_end.Reset(fds[0]);
      ends.write_end.Reset(fds[1]);
      ::fcntl(fds[1], F_SETPIPE_SZ, kPipeSize);  // may fail; then it is slower
      return ends;
    }
    case ChannelKind::kSocketPair: {
      DS_ASSIGN_OR_RETURN(auto pair, SocketPair());
      ends.read_end = std::move(pair.first);
      ends.write_end = std::move(pair.second);
      return ends;
    }
    case ChannelKind::kMemfd:
      ends.read_end.Reset(::memfd_create("devstate", MFD_CLOEXEC));
      if (!ends.read_end.valid()) return ErrnoStatus(errno, "memfd_create");
      break;
    case ChannelKind::kFile: {
      DS_ASSIGN_OR_RETURN(ends.read_end, NamelessFile(file_folder));
      break;
    }
  }
  DS_ASSIGN_OR_RETURN(ends.write_end, Duplicate(ends.read_end));
  return ends;
}

absl::StatusOr<ChannelInfo> InspectChannel(int fd, ChannelUse use,
                                           int control_fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  struct stat info = {};
  if (flags < 0 || ::fstat(fd, &info) != 0) {
    return errno == EBADF
               ? Unfit("not open")
               : ErrnoStatus(errno, "device-state channel: cannot look at it");
  }
  DS_RETURN_IF_ERROR(InspectAccess(flags, use));
  ChannelInfo result;
  switch (info.st_mode & S_IFMT) {
    case S_IFIFO:
      // Only the writing end tells; FdSource copes with packets.
      if ((flags & O_DIRECT) != 0) return Unfit("a pipe in packet mode");
      result.kind = ChannelKind::kPipe;
      return result;
    case S_IFSOCK:
      DS_RETURN_IF_ERROR(InspectSocket(fd, info, control_fd));
      result.kind = ChannelKind::kSocketPair;
      return result;
    case S_IFREG:
      DS_RETURN_IF_ERROR(InspectFile(fd, use, flags, info, &result));
      return result;
    case S_IFCHR:
      DS_RETURN_IF_ERROR(InspectCharacterDevice(fd, info));
      result.kind = ChannelKind::kFile;
      result.is_memory_device = true;
      return result;
    case S_IFDIR:
      return Unfit("a directory");
    case S_IFBLK:
      return Unfit("a block device");
    default:
      // epoll, eventfd, timerfd, signalfd, pidfd, ...: no file type at all.
      return Unfit(
          absl::StrCat("not a file, pipe or socket but ", ProcName(fd)));
  }
}

absl::StatusOr<Channel> AdmitChannel(FileDescriptor fd, ChannelUse use,
                                     int control_fd) {
  Channel channel;
  DS_ASSIGN_OR_RETURN(channel.info, InspectChannel(fd.get(), use, control_fd));
  channel.fd = std::move(fd);
  if (::fcntl(channel.fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return ErrnoStatus(errno, "fcntl(F_SETFD)");
  }
  if (channel.info.kind != ChannelKind::kPipe) return channel;
  ::fcntl(channel.fd.get(), F_SETPIPE_SZ, kPipeSize);  // may fail: slower only
  const int access = use == ChannelUse::kRead ? O_RDONLY : O_WRONLY;
  FileDescriptor own(::open(ProcPath(channel.fd.get()).c_str(),
                            access | O_NONBLOCK | O_CLOEXEC));
  if (own.valid()) {
    channel.fd = std::move(own);
  } else {
    // No /proc in this sandbox, or the pipe belongs to another user: set the
    // shared flag. FdSource and FdSink set it again before each use.
    const int flags = ::fcntl(channel.fd.get(), F_GETFL);
    if (flags < 0 ||
        ::fcntl(channel.fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
      return ErrnoStatus(errno, "fcntl(F_SETFL)");
    }
  }
  return channel;
}

}  // namespace devstate
