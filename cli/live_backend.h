// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The common part of the verbs that talk to a running back-end.

#ifndef DEVSTATE_CLI_LIVE_BACKEND_H_
#define DEVSTATE_CLI_LIVE_BACKEND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate {

struct LiveFlags {
  std::string channel = "pipe";
  double timeout_seconds = 300;
  // As FrontendEndpointOptions::protocol_features; not from the command line.
  uint64_t protocol_features = 0;

  void AddTo(Command& verb);
  ChannelKind channel_kind() const;
};

// Connects to the back-end at `socket` and negotiates. `progress`, if any, gets
// the bytes of the transfer so far, after each piece. Errors name the socket.
//
// Requires: the device is suspended, because this front-end never starts it.
absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ConnectBackend(
    const std::string& socket, const LiveFlags& flags,
    std::function<void(uint64_t bytes)> progress = nullptr);

// Connects to the back-end at `socket` and runs `begin` on the connection. A
// daemon may make a listener for each connection, and be started by the script
// that runs this: for up to 2 s, and `timeout`, it is tried again if nobody
// listens or the connection is closed. Errors name the socket.
absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ConnectTo(
    const std::string& socket,
    const vhost_user::FrontendEndpointOptions& options, absl::Duration timeout,
    const std::function<absl::Status(vhost_user::FrontendEndpoint&)>& begin);

// Returns `status` with the socket in front, unless it names it, or another
// place, already.
absl::Status AtSocket(const std::string& socket, const absl::Status& status);

// Returns OK if the back-end accepted the transfer. Otherwise
// FAILED_PRECONDITION, with its answer to CHECK_DEVICE_STATE and where to look
// for the reason.
absl::Status CheckTransfer(const std::string& socket,
                           const vhost_user::TransferResult& result);

// Prints "devstate: …" and returns the exit code: 1 if a back-end refused, else
// 2.
int PrintLiveError(const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_CLI_LIVE_BACKEND_H_
