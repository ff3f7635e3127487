// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_CHILD_PROCESS_H_
#define DEVSTATE_CONFORMANCE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/process.h"
#include "devstate/transport/io/wake_event.h"

namespace devstate {

// A program started by this one, whose output is read line by line. The
// destructor ends it with SIGTERM, and with SIGKILL if it has not ended ten
// seconds later. Thread-safety: thread-safe except for construction,
// destruction and WaitForExit().
class ChildProcess {
 public:
  // Starts the program at the path `arguments[0]`. Standard output and standard
  // error are read together.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      std::vector<std::string> arguments);
  ~ChildProcess();

  pid_t pid() const { return process_.pid(); }

  // Takes the next line that starts with `prefix` out of what the program has
  // printed, dropping those before it.
  //
  // Errors: UNAVAILABLE with the program's last line if it ends before,
  // DEADLINE_EXCEEDED.
  absl::StatusOr<std::string> WaitForLine(absl::string_view prefix,
                                          absl::Duration timeout);

  // Takes all lines that are there now.
  std::vector<std::string> TakeLines();

  // Returns how the program ended: "exited with code 1: <its last line>" or
  // "was ended by signal 11 (Segmentation fault)". Nothing if it still runs
  // after `timeout`. Thread-safety: one thread at a time.
  std::optional<std::string> WaitForExit(absl::Duration timeout);
  // Returns whether a signal ended a process that WaitForExit() has seen ended.
  bool ended_by_signal() const { return process_.ended_by_signal(); }

 private:
  ChildProcess(Process process, FileDescriptor output, WakeEvent stop);
  void ReadLines();

  Process process_;
  const FileDescriptor output_;
  // The signal that ends the thread, because a grandchild may keep the output
  // open.
  const WakeEvent stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::string last_line_;
  bool ended_ = false;
  std::thread reader_;
};

}  // namespace devstate

#endif  // DEVSTATE_CONFORMANCE_CHILD_PROCESS_H_
