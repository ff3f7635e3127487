// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/process.h"

namespace devstate::proxy {
namespace {

using vhost_user::Message;

// A set-up has at most some thousand requests of at most 4 KiB.
constexpr off_t kMaxHandover = 16 << 20;
// Standard streams are nobody's to hand over, and 0 stands for none.
constexpr int kFirstFd = 3;

absl::StatusOr<FileDescriptor> Duplicate(int fd) {
  FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFd));
  if (copy.valid()) return copy;
  return ErrnoStatus(errno, absl::StrCat("file descriptor ", fd));
}

// Hands out the descriptors of a message.
class Descriptors {
 public:
  Descriptors(bool rehearsal, int stand_in)
      : rehearsal_(rehearsal), stand_in_(stand_in) {}

  absl::StatusOr<FileDescriptor> Take(uint32_t number) const {
    if (number < kFirstFd || number > INT32_MAX) {
      return absl::InvalidArgumentError(
          absl::StrCat("hand-over: file descriptor ", number));
    }
    if (rehearsal_) return Duplicate(stand_in_);
    const int fd = static_cast<int>(number);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      return ErrnoStatus(errno,
                         absl::StrCat("hand-over: file descriptor ", fd));
    }
    return FileDescriptor(fd);
  }

 private:
  const bool rehearsal_;
  const int stand_in_;
};

absl::StatusOr<std::optional<UnixListener>> TakeListener(
    const HandedListener& listener, const Descriptors& descriptors,
    bool rehearsal) {
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, descriptors.Take(listener.fd()));
  if (rehearsal) return std::optional<UnixListener>();
  DS_ASSIGN_OR_RETURN(UnixListener taken,
                      UnixListener::Adopt(
                          std::move(fd), {listener.path(), listener.device(),
                                          listener.inode()}));
  return std::optional<UnixListener>(std::move(taken));
}

absl::StatusOr<DeviceSetup> TakeSetup(const ProxyHandover& message,
                                      const Descriptors& descriptors) {
  DeviceSetup setup;
  for (const HandedRequest& handed : message.set_up()) {
    Message request;
    request.request = handed.request();
    request.payload = handed.payload();
    for (const uint32_t fd : handed.fds()) {
      DS_ASSIGN_OR_RETURN(FileDescriptor taken, descriptors.Take(fd));
      request.fds.push_back(std::move(taken));
    }
    const Message reply =
        vhost_user::MakeReply(handed.request(), handed.reply());
    setup.Remember(std::move(request), handed.has_reply() ? &reply : nullptr);
  }
  // What was known to the one that wrote it must be known here.
  if (!setup.obstacle().empty()) {
    return absl::UnimplementedError(
        absl::StrCat("hand-over: ", setup.obstacle()));
  }
  if (!message.obstacle().empty()) setup.Obstruct(message.obstacle());
  return setup;
}

}  // namespace

absl::StatusOr<uint32_t> HandoverDraft::Keep(int fd) {
  DS_ASSIGN_OR_RETURN(FileDescriptor copy, Duplicate(fd));
  fds.push_back(std::move(copy));
  return static_cast<uint32_t>(fds.back().get());
}

absl::Status HandoverDraft::KeepListener(const UnixListener& listener,
                                         HandedListener* handed) {
  DS_ASSIGN_OR_RETURN(const uint32_t fd, Keep(listener.fd()));
  handed->set_fd(fd);
  handed->set_path(listener.path());
  handed->set_device(listener.name().device);
  handed->set_inode(listener.name().inode);
  return absl::OkStatus();
}

absl::Status HandoverDraft::KeepSetup(const DeviceSetup& setup) {
  DS_ASSIGN_OR_RETURN(const std::vector<Recollection> all, setup.Recall());
  for (const Recollection& one : all) {
    HandedRequest& handed = *message.add_set_up();
    handed.set_request(one.request.request);
    handed.set_payload(one.request.payload);
    for (const FileDescriptor& fd : one.request.fds) {
      DS_ASSIGN_OR_RETURN(const uint32_t number, Keep(fd.get()));
      handed.add_fds(number);
    }
    if (one.reply.has_value()) handed.set_reply(*one.reply);
  }
  message.set_obstacle(setup.obstacle());
  return absl::OkStatus();
}

std::string HandoverSense(ProxyHandover message) {
  message.mutable_listener()->clear_fd();
  if (message.has_control()) message.mutable_control()->clear_fd();
  // That there is one makes a difference.
  if (message.backend_fd() != 0) message.set_backend_fd(kFirstFd);
  if (message.frontend_fd() != 0) message.set_frontend_fd(kFirstFd);
  for (HandedRequest& request : *message.mutable_set_up()) {
    for (uint32_t& fd : *request.mutable_fds()) fd = kFirstFd;
  }
  return message.SerializeAsString();
}

absl::StatusOr<FileDescriptor> WriteHandover(const ProxyHandover& message) {
  FileDescriptor file(::memfd_create("devstate-handover", MFD_CLOEXEC));
  if (!file.valid()) return ErrnoStatus(errno, "memfd_create");
  if (!message.SerializeToFileDescriptor(file.get())) {
    return absl::ResourceExhaustedError("hand-over: no memory for it");
  }
  return file;
}

absl::StatusOr<ProxyHandover> ReadHandover(int fd) {
  struct stat info = {};
  if (::fstat(fd, &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat("file descriptor ", fd));
  }
  std::string bytes;
  ProxyHandover message;
  if (S_ISREG(info.st_mode) && info.st_size <= kMaxHandover) {
    bytes.resize(static_cast<size_t>(info.st_size));
  }
  const ssize_t got = ::pread(fd, &bytes[0], bytes.size(), 0);
  if (bytes.empty() || got != static_cast<ssize_t>(bytes.size()) ||
      !message.ParseFromString(bytes) || message.format() == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "file descriptor ", fd,
        " is not what a devstate proxy hands over; devstate upgrade --itself "
        "makes it"));
  }
  if (message.format() > kHandoverFormat) {
    return absl::UnimplementedError(absl::StrCat(
        "hand-over: of format ", message.format(), ", and this release reads ",
        kHandoverFormat, "; name a newer one with --program"));
  }
  return message;
}

absl::StatusOr<TakenOver> TakeOver(const ProxyHandover& message, int stand_in) {
  const bool rehearsal = message.rehearsal();
  const Descriptors descriptors(rehearsal, stand_in);
  TakenOver taken;
  DS_ASSIGN_OR_RETURN(
      taken.listener, TakeListener(message.listener(), descriptors, rehearsal));
  if (message.has_control()) {
    DS_ASSIGN_OR_RETURN(taken.control, TakeListener(message.control(),
                                                    descriptors, rehearsal));
  }
  taken.folder = message.folder();
  taken.spec.socket = message.backend_socket();
  taken.spec.command = message.backend_command();
  taken.spec.implementation = message.implementation();
  taken.spec.implementation_version = message.implementation_version();
  DS_RETURN_IF_ERROR(CheckSpec(taken.spec));
  DS_ASSIGN_OR_RETURN(taken.setup, TakeSetup(message, descriptors));
  if (message.frontend_fd() != 0) {
    DS_ASSIGN_OR_RETURN(taken.frontend,
                        descriptors.Take(message.frontend_fd()));
  }
  if (message.asker_fd() != 0) {
    DS_ASSIGN_OR_RETURN(taken.asker, descriptors.Take(message.asker_fd()));
  }
  taken.report = message.report();
  taken.ended = absl::FromUnixNanos(message.ended_ns());
  if (message.backend_fd() == 0) return taken;
  DS_ASSIGN_OR_RETURN(FileDescriptor socket,
                      descriptors.Take(message.backend_fd()));
  if (rehearsal) return taken;
  std::optional<Process> process;
  if (message.backend_process() != 0) {
    DS_ASSIGN_OR_RETURN(Process child,
                        Process::Adopt(static_cast<pid_t>(
                            message.backend_process())));
    process.emplace(std::move(child));
  }
  taken.backend =
      std::make_unique<Backend>(std::move(socket), std::move(process));
  return taken;
}

}  // namespace devstate::proxy
