// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_STREAM_RUNNER_H_
#define DEVSTATE_CONFORMANCE_STREAM_RUNNER_H_

#include <functional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/live.pb.h"

namespace devstate::conformance {

struct StreamRunOptions {
  // The folder with cases.jsonl and schemas.jsonl.
  std::string folder;
  // The command that starts the implementation, which speaks stream_protocol.h.
  std::string command;
  // The names of cases that are known to fail. One that passes is a failure,
  // too. Default: none.
  std::set<std::string> known_failures;
  // The start of the names of the cases to run. Default: empty, all.
  std::string only;
  // The longest wait for each single answer. Default: 30 s.
  absl::Duration timeout = absl::Seconds(30);
};

// Reads a failure list, which has a name a line. Empty lines and those that
// start with # are left out.
absl::StatusOr<std::set<std::string>> ReadFailureList(const std::string& path);

// Asks everything of every case, and hands each result to `each` as soon as it
// is there. An implementation that ends fails the case that it ended in, and is
// started again for the next. The level of a case is its row's section.
//
// Errors: those of the files, and a command that cannot be started.
absl::StatusOr<ConformanceReport> RunStreamCases(
    const StreamRunOptions& options,
    const std::function<void(const ConformanceCase&)>& each);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_STREAM_RUNNER_H_
