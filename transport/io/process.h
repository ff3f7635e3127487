// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_PROCESS_H_
#define DEVSTATE_TRANSPORT_IO_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// The descriptors of a new process besides standard input, which is /dev/null.
// They stay the caller's.
struct ProcessFds {
  // Standard output and standard error. -1: those of this process.
  int output = -1;
  // The descriptor that the process finds under kInheritedFd. -1: none.
  int inherited = -1;
};

// Returns the arguments of Process::Start() that run `command` with the shell,
// in whose place it is, so that signals reach it. Each first string of `words`
// in it is replaced by the second, as one word of the shell.
std::vector<std::string> ShellCommand(
    absl::string_view command,
    const std::vector<std::pair<std::string, std::string>>& words);

// A program started by this one. It is not ended with the object; but one that
// was not waited for stays a zombie. Thread-safety: none.
class Process {
 public:
  // The first number that is no standard stream, as systemd has it.
  static constexpr int kInheritedFd = 3;

  // Starts the program at the path `arguments[0]`. It inherits what `fds` says
  // and what is not close-on-exec, and takes the default action on SIGPIPE.
  //
  // Errors: NOT_FOUND (it cannot be started), RESOURCE_EXHAUSTED.
  //
  // Requires: this process does not ignore SIGCHLD, or nobody could tell how
  // the program ends.
  static absl::StatusOr<Process> Start(std::vector<std::string> arguments,
                                       const ProcessFds& fds);

  // Takes a child that was started before this process took another program.
  //
  // Errors: NOT_FOUND (it is no child of this process), RESOURCE_EXHAUSTED.
  static absl::StatusOr<Process> Adopt(pid_t pid);

  Process(Process&&) = default;
  Process& operator=(Process&&) = default;

  pid_t pid() const { return pid_; }

  // Returns how the program ended: "exited with code 1" or "was ended by signal
  // 11 (Segmentation fault)". Nothing if it still runs after `timeout`.
  std::optional<std::string> WaitForExit(absl::Duration timeout);
  // Returns whether a signal ended a process that WaitForExit() has seen ended.
  bool ended_by_signal() const { return ended_by_signal_; }

  // Sends a signal unless the process was seen ended: its number may be another
  // process by then.
  void Signal(int signal) const;

 private:
  Process(pid_t pid, FileDescriptor pid_fd)
      : pid_(pid), pid_fd_(std::move(pid_fd)) {}

  pid_t pid_;
  FileDescriptor pid_fd_;
  std::optional<std::string> exit_;
  bool ended_by_signal_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_PROCESS_H_
