// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Another program for a process that goes on: execve(2) keeps the process's
// number, its children and what is open, so neither the front-end, the back-end
// nor a service manager notices. There is no way back from it, so the program
// is rehearsed first, in a process of its own.

#ifndef DEVSTATE_PROXY_REPLACEMENT_H_
#define DEVSTATE_PROXY_REPLACEMENT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/handover.pb.h"
#include "devstate/proxy/handover.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/process.h"

namespace devstate::proxy {

// The option of `devstate proxy` that names the descriptor of a hand-over. It
// is always the last one.
inline constexpr char kTakeOverOption[] = "--take-over";

// Returns what this program was started with, the path of its file first. A
// hand-over is left out.
//
// Errors: those of reading /proc/self.
absl::StatusOr<std::vector<std::string>> ProgramArguments();

// Says that this program, which is rehearsed, would take over: empties the
// hand-over at `fd`. A program that does not know of hand-overs would not.
absl::Status EndRehearsal(int fd);

// Thread-safety: none.
class Replacement {
 public:
  // `arguments` are those of ProgramArguments(), with the path of the new
  // program first.
  explicit Replacement(std::vector<std::string> arguments)
      : arguments_(std::move(arguments)) {}
  // Ends a rehearsal.
  ~Replacement();

  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  // Starts the program with `message`, marked as a rehearsal. It has `timeout`
  // to say that it would take over: by EndRehearsal() and exit code 0.
  //
  // Errors: those of Process::Start() and WriteHandover().
  //
  // Requires: the last rehearsal is over.
  absl::Status Rehearse(ProxyHandover message, absl::Duration timeout);
  // Returns how many rehearsals were begun.
  int rehearsals() const { return rehearsals_; }
  // Returns whether it is over and went well, without waiting.
  //
  // Errors: FAILED_PRECONDITION (the program would not take over),
  // DEADLINE_EXCEEDED. What it printed is in the log.
  //
  // Requires: Rehearse() has returned OK.
  absl::StatusOr<bool> TryRehearsed();

  // Returns whether the last rehearsal was one of `message`.
  bool IsRehearsed(const ProxyHandover& message) const {
    return HandoverSense(message) == rehearsed_sense_;
  }

  // Runs the program in this process, with SIGTERM and SIGINT blocked. Returns
  // only if that failed, or if `cancel_fd` is readable already; then nothing has
  // changed.
  absl::Status Execute(const HandoverDraft& draft, int cancel_fd);

 private:
  std::vector<std::string> WithHandover(int fd) const;

  const std::vector<std::string> arguments_;
  std::optional<Process> rehearsal_;
  int rehearsals_ = 0;
  FileDescriptor rehearsed_;  // its hand-over
  std::string rehearsed_sense_;
  Deadline deadline_ = Deadline::Never();
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_REPLACEMENT_H_
