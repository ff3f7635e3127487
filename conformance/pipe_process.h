// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_PIPE_PROCESS_H_
#define DEVSTATE_CONFORMANCE_PIPE_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/fd_stream.h"

namespace devstate::conformance {

// A command that answers texts on standard input with texts on standard output
// (stream_protocol.h). Its standard error is that of this process. The
// destructor closes its input, and ends it with SIGKILL if it has not ended ten
// seconds later. Thread-safety: none.
class PipeProcess {
 public:
  // Starts `command` with the shell. `timeout` bounds each wait.
  static absl::StatusOr<std::unique_ptr<PipeProcess>> Start(
      const std::string& command, absl::Duration timeout);
  ~PipeProcess();

  PipeProcess(const PipeProcess&) = delete;
  PipeProcess& operator=(const PipeProcess&) = delete;

  // Sends `text` and returns the answer. UNAVAILABLE if the command has ended,
  // or DEADLINE_EXCEEDED. After an error every call fails.
  absl::StatusOr<std::string> Exchange(absl::string_view text);

 private:
  PipeProcess(pid_t pid, std::shared_ptr<FdSink> input,
              std::shared_ptr<FdSource> output);

  const pid_t pid_;
  const std::shared_ptr<FdSink> input_;
  const std::shared_ptr<FdSource> output_;
};

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_PIPE_PROCESS_H_
