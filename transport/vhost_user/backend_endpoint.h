// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A whole vhost-user back-end for device-state transfer. It listens, speaks
// enough of the protocol, and runs a DeviceStateHandler.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_BACKEND_ENDPOINT_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_BACKEND_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/device_state_engine.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/vhost_user_device.h"

namespace devstate::vhost_user {

struct BackendEndpointOptions {
  // The path to listen at. Default: empty.
  std::string socket_path;
  // An already connected socket. If it is valid, the path is unused and Serve()
  // ends with that connection. Default: empty.
  FileDescriptor connection;
  // Whether Serve() ends after the first connection even when listening.
  // Default: false.
  bool once = false;
  // The rest of the protocol. Default: see VhostUserDeviceOptions.
  VhostUserDeviceOptions device;
  // The channel, the deadlines and the transfer reports. Default: see
  // DeviceStateEngineOptions.
  DeviceStateEngineOptions transfer;
  // The longest time from the first byte of a message to its last, and for
  // sending a reply. Default: 10 s.
  absl::Duration message_timeout = absl::Seconds(10);
  // The callback for each request by its number, before it is looked at. Called
  // on Serve()'s thread. Default: none.
  std::function<void(uint32_t request)> on_request;
  // The callback for log lines: one for each connection, malformed message and
  // refusal. Called on Serve()'s thread. Default: none.
  std::function<void(absl::string_view line)> log;
};

// Serves one front-end at a time. The next one waits in the listener's queue.
//
// A malformed message is answered where the protocol has an answer.
// SET_DEVICE_STATE_FD is answered with 0x101 and CHECK_DEVICE_STATE with a
// non-zero value. Any other request gets a non-zero acknowledgement if the
// front-end asked for one. If there is no answer to give, or the framing cannot
// be trusted any more, the connection is closed.
class BackendEndpoint {
 public:
  // Binds the socket, so that a front-end can connect as soon as this has
  // returned. Errors: as UnixListener::Listen().
  //
  // Requires: `handler` outlives the endpoint.
  static absl::StatusOr<std::unique_ptr<BackendEndpoint>> Create(
      DeviceStateHandler* handler, BackendEndpointOptions options);
  // Requires: Serve() has returned.
  ~BackendEndpoint();

  // Serves until Stop(), or until the end of the connection (see the options).
  // The calling thread is the control thread of the handler's contract.
  absl::Status Serve();

  // Makes Serve() return and cancels the current transfer. Async-signal-safe
  // and thread-safe. Later calls of Serve() return at once, too.
  void Stop() { stop_.Signal(); }

  // Returns the bytes of the current or last transfer. Thread-safe.
  uint64_t progress() const { return engine_->progress(); }

 private:
  BackendEndpoint(BackendEndpointOptions options,
                  std::optional<UnixListener> listener, WakeEvent stop);
  bool single() const { return options_.once || !listener_.has_value(); }
  absl::Status AcceptOne();
  // Serves until the connection ends and returns the error that ended it.
  absl::Status ServeConnection();
  absl::Status HandleMessage(Message message);
  absl::Status HandleMalformed(const Message& message, absl::Status why);
  void OnTransfer(const TransferReport& report);
  absl::Status SendReplies();
  absl::Status Send(const Message& message);
  void Log(absl::string_view line) const;

  BackendEndpointOptions options_;
  std::optional<UnixListener> listener_;
  const WakeEvent stop_;
  VhostUserDevice device_;
  std::unique_ptr<DeviceStateEngine> engine_;
  std::optional<Connection> connection_;
  // Whether a transfer was accepted, and neither checked nor abandoned since.
  bool transfer_open_ = false;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_BACKEND_ENDPOINT_H_
