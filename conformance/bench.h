// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_BENCH_H_
#define DEVSTATE_CONFORMANCE_BENCH_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/conformance/child_process.h"
#include "devstate/conformance/peer.h"
#include "devstate/conformance/temporary_folder.h"

namespace devstate::conformance {

struct BenchOptions {
  // The path of the back-end's socket. Default: empty, one in a temporary
  // folder, for which `start` must be set.
  std::string socket;
  // The shell command that starts the back-end, with "{socket}" for the
  // socket's path. Default: empty, it runs already.
  std::string start;
  // The longest single wait. Default: 10 s.
  absl::Duration timeout = absl::Seconds(10);
};

// The back-end under test, for one case. The destructor ends what was started.
class Bench {
 public:
  // Starts the back-end, if there is a command for it, and connects to it.
  //
  // Errors: UNAVAILABLE, NOT_FOUND, DEADLINE_EXCEEDED (nobody listens, or the
  // back-end ended). They are one line that names socket or command.
  static absl::StatusOr<std::unique_ptr<Bench>> Create(
      const BenchOptions& options);

  // Returns the connection that Create() made; after it was taken, another one
  // that answers. A back-end that closes it is tried again for up to 2 s.
  absl::StatusOr<std::unique_ptr<Peer>> Connect();
  // Returns a connection after the front-end's negotiation.
  absl::StatusOr<std::unique_ptr<Peer>> ConnectNegotiated();

  // Returns what became of the back-end: "the back-end exited with code 0".
  // Empty if it answers on another connection.
  std::string Fate();
  // Returns whether a signal ended the back-end, after Fate(). Unknown, so
  // false, for a back-end that was not started here.
  bool crashed() const {
    return process_ != nullptr && process_->ended_by_signal();
  }

 private:
  Bench(const BenchOptions& options, std::string socket,
        std::unique_ptr<TemporaryFolder> folder,
        std::unique_ptr<ChildProcess> process)
      : options_(options),
        socket_(std::move(socket)),
        folder_(std::move(folder)),
        process_(std::move(process)) {}

  absl::StatusOr<std::unique_ptr<Peer>> ConnectOnce();
  absl::StatusOr<std::unique_ptr<Peer>> ConnectToStarted();
  absl::StatusOr<std::unique_ptr<Peer>> ConnectAnswering();

  const BenchOptions options_;
  const std::string socket_;
  const std::unique_ptr<TemporaryFolder> folder_;
  const std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<Peer> first_;
};

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_BENCH_H_
