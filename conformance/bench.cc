// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/bench.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/process.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::conformance {
namespace {

// Between two attempts to connect to what was just started: it tells nobody
// when it listens.
constexpr absl::Duration kRetry = absl::Milliseconds(10);
// From closing a connection to the end of a back-end that ends with it, or to
// its next listener.
constexpr absl::Duration kEnding = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Bench>> Bench::Create(
    const BenchOptions& options) {
  std::string socket = options.socket;
  std::unique_ptr<TemporaryFolder> folder;
  std::unique_ptr<ChildProcess> process;
  if (socket.empty()) {
    DS_ASSIGN_OR_RETURN(folder, TemporaryFolder::Create("conformance"));
    socket = folder->File("backend.sock");
  }
  if (!options.start.empty()) {
    DS_ASSIGN_OR_RETURN(process, ChildProcess::Start(ShellCommand(
                                     options.start, {{"{socket}", socket}})));
  }
  std::unique_ptr<Bench> bench(new Bench(
      options, std::move(socket), std::move(folder), std::move(process)));
  DS_ASSIGN_OR_RETURN(bench->first_, bench->process_ != nullptr
                                         ? bench->ConnectToStarted()
                                         : bench->ConnectAnswering());
  return bench;
}

absl::StatusOr<std::unique_ptr<Peer>> Bench::ConnectOnce() {
  DS_ASSIGN_OR_RETURN(FileDescriptor socket,
                      ConnectUnix(socket_, Deadline::After(options_.timeout)));
  return Peer::Create(std::move(socket), options_.timeout);
}

absl::StatusOr<std::unique_ptr<Peer>> Bench::ConnectToStarted() {
  const Deadline deadline = Deadline::After(options_.timeout);
  while (true) {
    absl::StatusOr<std::unique_ptr<Peer>> peer = ConnectOnce();
    if (peer.ok()) return peer;
    const std::optional<std::string> exit = process_->WaitForExit(kRetry);
    if (exit.has_value()) {
      return absl::UnavailableError(
          absl::StrCat("--start: the back-end ", *exit));
    }
    if (deadline.Expired()) {
      return absl::DeadlineExceededError(
          absl::StrCat("--start: the back-end does not listen within ",
                       absl::FormatDuration(options_.timeout), ": ",
                       peer.status().message()));
    }
  }
}

// A daemon may make a listener for each connection. Then there is none for a
// moment after each, or the last one goes with whoever waits at it already.
absl::StatusOr<std::unique_ptr<Peer>> Bench::ConnectAnswering() {
  const Deadline deadline =
      Deadline::After(std::min(kEnding, options_.timeout));
  while (true) {
    absl::StatusOr<std::unique_ptr<Peer>> peer = ConnectOnce();
    const absl::Status status =
        peer.ok() ? (*peer)->AskU64(vhost_user::kGetFeatures).status()
                  : peer.status();
    if (status.ok()) return peer;
    if (peer.ok() && !absl::IsUnavailable(status)) return status;
    if (process_ != nullptr) {
      const std::optional<std::string> exit = process_->WaitForExit(kRetry);
      if (exit.has_value()) {
        return absl::UnavailableError(absl::StrCat("the back-end ", *exit));
      }
    }
    if (deadline.Expired()) return status;
    absl::SleepFor(kRetry);
  }
}

absl::StatusOr<std::unique_ptr<Peer>> Bench::Connect() {
  if (first_ != nullptr) return std::move(first_);
  return ConnectAnswering();
}

absl::StatusOr<std::unique_ptr<Peer>> Bench::ConnectNegotiated() {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Peer> peer, Connect());
  DS_RETURN_IF_ERROR(peer->frontend().Negotiate());
  return peer;
}

std::string Bench::Fate() {
  const Deadline deadline =
      Deadline::After(std::min(kEnding, options_.timeout));
  while (true) {
    const absl::StatusOr<std::unique_ptr<Peer>> peer = ConnectOnce();
    if (peer.ok() && (*peer)->AskU64(vhost_user::kGetFeatures).ok()) return "";
    if (process_ != nullptr) {
      const std::optional<std::string> exit = process_->WaitForExit(kRetry);
      if (exit.has_value()) return absl::StrCat("the back-end ", *exit);
    }
    // A process that ends closes the connection before the listener, or is
    // seen to have closed both before it is seen to have ended.
    if (deadline.Expired()) {
      return peer.ok() ? "the back-end takes no other connection"
                       : "the back-end is gone: nobody listens any more";
    }
    absl::SleepFor(kRetry);
  }
}

}  // namespace devstate::conformance
