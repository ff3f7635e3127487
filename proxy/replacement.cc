// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/replacement.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"

namespace devstate::proxy {
namespace {

absl::Status SetInherited(int fd, bool inherited) {
  if (::fcntl(fd, F_SETFD, inherited ? 0 : FD_CLOEXEC) == 0) {
    return absl::OkStatus();
  }
  return ErrnoStatus(errno, absl::StrCat("file descriptor ", fd));
}

bool IsEmptied(int fd) {
  struct stat info = {};
  return ::fstat(fd, &info) == 0 && info.st_size == 0;
}

}  // namespace

absl::Status EndRehearsal(int fd) {
  if (::ftruncate(fd, 0) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("file descriptor ", fd));
}

absl::StatusOr<std::vector<std::string>> ProgramArguments() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof(path));
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string line(std::istreambuf_iterator<char>(file), {});
  if (size <= 0 || line.empty()) {
    return absl::UnavailableError("/proc/self: cannot be read");
  }
  std::vector<std::string> arguments;
  for (size_t start = 0; start < line.size();) {
    arguments.emplace_back(&line[start]);  // up to its zero byte
    start += arguments.back().size() + 1;
  }
  // A package that was updated has put another file there.
  arguments[0] = std::string(absl::StripSuffix(
      absl::string_view(path, static_cast<size_t>(size)), " (deleted)"));
  if (arguments.size() >= 2 &&
      arguments[arguments.size() - 2] == kTakeOverOption) {
    arguments.resize(arguments.size() - 2);
  }
  return arguments;
}

Replacement::~Replacement() {
  if (!rehearsal_.has_value()) return;
  rehearsal_->Signal(SIGKILL);
  rehearsal_->WaitForExit(absl::InfiniteDuration());
}

std::vector<std::string> Replacement::WithHandover(int fd) const {
  std::vector<std::string> arguments = arguments_;
  arguments.emplace_back(kTakeOverOption);
  arguments.push_back(absl::StrCat(fd));
  return arguments;
}

absl::Status Replacement::Rehearse(ProxyHandover message,
                                   absl::Duration timeout) {
  rehearsed_sense_ = HandoverSense(message);
  message.set_rehearsal(true);
  DS_ASSIGN_OR_RETURN(FileDescriptor file, WriteHandover(message));
  ProcessFds fds;
  fds.output = STDERR_FILENO;
  fds.inherited = file.get();
  DS_ASSIGN_OR_RETURN(
      Process process,
      Process::Start(WithHandover(Process::kInheritedFd), fds));
  rehearsal_.emplace(std::move(process));
  ++rehearsals_;
  rehearsed_ = std::move(file);
  deadline_ = Deadline::After(timeout);
  return absl::OkStatus();
}

absl::StatusOr<bool> Replacement::TryRehearsed() {
  const std::optional<std::string> end =
      rehearsal_->WaitForExit(absl::ZeroDuration());
  if (!end.has_value()) {
    if (!deadline_.Expired()) return false;
    return absl::DeadlineExceededError(absl::StrCat(
        arguments_[0], ": does not say in time whether it would take over"));
  }
  if (*end == "exited with code 0") {
    if (IsEmptied(rehearsed_.get())) return true;
    return absl::FailedPreconditionError(absl::StrCat(
        arguments_[0], ": does not know --take-over: it is no devstate, or one "
                       "without devstate upgrade --itself"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(arguments_[0], ": would not take over, and ", *end,
                   "; the proxy's log has what it printed"));
}

absl::Status Replacement::Execute(const HandoverDraft& draft, int cancel_fd) {
  DS_ASSIGN_OR_RETURN(const FileDescriptor file, WriteHandover(draft.message));
  std::vector<std::string> arguments = WithHandover(file.get());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(&argument[0]);
  argv.push_back(nullptr);
  DS_RETURN_IF_ERROR(SetInherited(file.get(), true));
  for (const FileDescriptor& fd : draft.fds) {
    DS_RETURN_IF_ERROR(SetInherited(fd.get(), true));
  }
  // One that comes before the new program can take it is kept for it.
  sigset_t stops;
  sigset_t before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  // One that came before is known to this program alone.
  pollfd cancel = {cancel_fd, POLLIN, 0};
  int error = ECANCELED;
  if (::poll(&cancel, 1, 0) == 0) {
    ::execv(argv[0], argv.data());
    error = errno;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ErrnoStatus(error, arguments[0]);
}

}  // namespace devstate::proxy
