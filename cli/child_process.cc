// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace devstate {

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    std::vector<std::string> arguments) {
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
  pid_t pid = -1;
  const int error =
      posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("cannot start ", arguments[0], ": ",
                                            std::strerror(error)));
  }
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(pid, std::move(read_end)));
}

ChildProcess::ChildProcess(pid_t pid, FileDescriptor output)
    : pid_(pid), output_(std::move(output)), reader_([this] { ReadLines(); }) {}

ChildProcess::~ChildProcess() {
  kill(pid_, SIGTERM);
  // The end of its output is the end of the process, and of the thread.
  reader_.join();
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::ReadLines() {
  std::string partial;
  char buffer[4096];
  while (true) {
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
