// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

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
  ProcessFds fds;
  fds.output = write_end.get();
  DS_ASSIGN_OR_RETURN(Process process,
                      Process::Start(std::move(arguments), fds));
  return std::unique_ptr<ChildProcess>(new ChildProcess(
      std::move(process), std::move(read_end), std::move(stop)));
}

ChildProcess::ChildProcess(Process process, FileDescriptor output,
                           WakeEvent stop)
    : process_(std::move(process)),
      output_(std::move(output)),
      stop_(std::move(stop)),
      reader_([this] { ReadLines(); }) {}

ChildProcess::~ChildProcess() {
  for (const int signal : {SIGTERM, SIGKILL}) {
    process_.Signal(signal);
    if (process_.WaitForExit(kGrace).has_value()) break;
  }
  stop_.Signal();
  reader_.join();
}

std::optional<std::string> ChildProcess::WaitForExit(absl::Duration timeout) {
  std::optional<std::string> exit = process_.WaitForExit(timeout);
  if (exit.has_value() && !process_.ended_by_signal()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!last_line_.empty()) absl::StrAppend(&*exit, ": ", last_line_);
  }
  return exit;
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
