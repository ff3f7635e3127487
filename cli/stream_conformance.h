// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_STREAM_CONFORMANCE_H_
#define DEVSTATE_CLI_STREAM_CONFORMANCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "devstate/conformance/stream_runner.h"
#include "devstate/live.pb.h"
#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

// The flags of devstate conformance for an implementation of the stream format.
struct StreamConformanceFlags {
  conformance::StreamRunOptions run;
  std::string failures;

  bool given() const { return !run.folder.empty() || !run.command.empty(); }
  void AddTo(Command* verb);
};

// Runs the cases. With `text`, prints those that did not pass and the counts of
// each level.
absl::StatusOr<ConformanceReport> RunStreamConformance(
    StreamConformanceFlags flags, bool text);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STREAM_CONFORMANCE_H_
