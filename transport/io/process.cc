// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "devstate/transport/io/deadline.h"

namespace devstate {

std::vector<std::string> ShellCommand(
    absl::string_view command,
    const std::vector<std::pair<std::string, std::string>>& words) {
  std::vector<std::pair<std::string, std::string>> quoted;
  for (const auto& [name, word] : words) {
    quoted.emplace_back(
        name,
        absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'"));
  }
  return {"/bin/sh", "-c",
          absl::StrCat("exec ", absl::StrReplaceAll(command, quoted))};
}

absl::StatusOr<Process> Process::Adopt(pid_t pid) {
  siginfo_t info = {};
  if (waitid(P_PID, static_cast<id_t>(pid), &info,
             WEXITED | WNOHANG | WNOWAIT) != 0) {
    return absl::NotFoundError(
        absl::StrCat("process ", pid, " is no child of this one"));
  }
  // Not reaped yet, so the number is still this child's.
  FileDescriptor pid_fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pid_fd.valid()) return Process(pid, std::move(pid_fd));
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot watch process ", pid, ": ", std::strerror(errno)));
}

absl::StatusOr<Process> Process::Start(std::vector<std::string> arguments,
                                       const ProcessFds& fds) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(&argument[0]);
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  if (fds.output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, fds.output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fds.output, STDERR_FILENO);
  }
  // The last one, because it may overwrite a source of those before.
  if (fds.inherited >= 0) {
    posix_spawn_file_actions_adddup2(&actions, fds.inherited, kInheritedFd);
  }
  // This process may ignore SIGPIPE, and a child would inherit that.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("cannot start ", arguments[0], ": ",
                                            std::strerror(error)));
  }
  // Not reaped yet, so the number is still this child's.
  FileDescriptor pid_fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pid_fd.valid()) {
    const int open_error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return absl::ResourceExhaustedError(absl::StrCat(
        "cannot watch ", arguments[0], ": ", std::strerror(open_error)));
  }
  return Process(pid, std::move(pid_fd));
}

std::optional<std::string> Process::WaitForExit(absl::Duration timeout) {
  const Deadline deadline = Deadline::After(timeout);
  while (!exit_.has_value()) {
    pollfd entry = {pid_fd_.get(), POLLIN, 0};
    const int ready = poll(&entry, 1, deadline.PollTimeout());
    int status = 0;
    if (ready > 0 && waitpid(pid_, &status, 0) == pid_) {
      ended_by_signal_ = WIFSIGNALED(status);
      exit_ = ended_by_signal_
                  ? absl::StrCat("was ended by signal ", WTERMSIG(status), " (",
                                 strsignal(WTERMSIG(status)), ")")
                  : absl::StrCat("exited with code ", WEXITSTATUS(status));
    } else if (deadline.Expired()) {
      break;
    }
  }
  return exit_;
}

void Process::Signal(int signal) const {
  if (!exit_.has_value()) kill(pid_, signal);
}

}  // namespace devstate
