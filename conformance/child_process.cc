// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"

namespace devstate {
namespace {

constexpr absl::Duration kGrace = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    std::vector<std::string> arguments) {
  DS_ASSIGN_OR_RETURN(WakeEvent stop, WakeEvent::Create());
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  }
  FileDescriptor read_end(ends[0]);
  const FileDescriptor write_end(ends[1]);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(&argument[0]);
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                   O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDERR_FILENO);
  // The command ignores it, and a child would inherit that.
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
  return std::unique_ptr<ChildProcess>(new ChildProcess(
      pid, std::move(pid_fd), std::move(read_end), std::move(stop)));
}

ChildProcess::ChildProcess(pid_t pid, FileDescriptor pid_fd,
                           FileDescriptor output, WakeEvent stop)
    : pid_(pid),
      pid_fd_(std::move(pid_fd)),
      output_(std::move(output)),
      stop_(std::move(stop)),
      reader_([this] { ReadLines(); }) {}

ChildProcess::~ChildProcess() {
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (exit_.has_value()) break;
    kill(pid_, signal);
    WaitForExit(kGrace);
  }
  stop_.Signal();
  reader_.join();
}

std::optional<std::string> ChildProcess::WaitForExit(absl::Duration timeout) {
  const Deadline deadline = Deadline::After(timeout);
  while (!exit_.has_value()) {
    pollfd entry = {pid_fd_.get(), POLLIN, 0};
    const int ready = poll(&entry, 1, deadline.PollTimeout());
    int status = 0;
    if (ready > 0 && waitpid(pid_, &status, 0) == pid_) {
      ended_by_signal_ = WIFSIGNALED(status);
      if (ended_by_signal_) {
        exit_ = absl::StrCat("was ended by signal ", WTERMSIG(status), " (",
                             strsignal(WTERMSIG(status)), ")");
      } else {
        const std::lock_guard<std::mutex> lock(mutex_);
        exit_ = absl::StrCat("exited with code ", WEXITSTATUS(status),
                             last_line_.empty() ? "" : ": ", last_line_);
      }
    } else if (deadline.Expired()) {
      break;
    }
  }
  return exit_;
}

void ChildProcess::ReadLines() {
  std::string partial;
  char buffer[4096];
  while (true) {
    pollfd entries[2] = {{output_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    if (poll(entries, 2, -1) < 0 && errno == EINTR) continue;
    if (entries[0].revents == 0 && entries[1].revents != 0) return;
    const ssize_t size = read(output_.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    if (size <= 0) {
      ended_ = true;
      changed_.notify_all();
      return;
    }
    partial.append(buffer, static_cast<size_t>(size));
    size_t start = 0;
    for (size_t end; (end = partial.find('\n', start)) != std::string::npos;
         start = end + 1) {
      last_line_ = partial.substr(start, end - start);
      lines_.push_back(last_line_);
    }
    partial.erase(0, start);
    changed_.notify_all();
  }
}

absl::StatusOr<std::string> ChildProcess::WaitForLine(absl::string_view prefix,
                                                      absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout);
  while (true) {
    while (!lines_.empty()) {
      std::string line = std::move(lines_.front());
      lines_.pop_front();
      if (absl::StartsWith(line, prefix)) return line;
    }
    if (ended_) {
      return absl::UnavailableError(
          absl::StrCat("the back-end ended: ",
                       last_line_.empty() ? "it said nothing" : last_line_));
    }
    if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("the back-end did not say \"", prefix, "\" within ",
                       absl::FormatDuration(timeout)));
    }
  }
}

std::vector<std::string> ChildProcess::TakeLines() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> lines(lines_.begin(), lines_.end());
  lines_.clear();
  return lines;
}

}  // namespace devstate
