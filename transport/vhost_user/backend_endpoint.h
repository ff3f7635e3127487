// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A whole vhost-user back-end for device-state transfer: listens, speaks
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
  // Where to listen. Or an already connected socket; then the path is unused
  // and Serve() ends with that connection.
  std::string socket_path;
  FileDescriptor connection;
  // End Serve() after the first connection even when listening.
  bool once = false;
  VhostUserDeviceOptions device;
  // Channel, deadlines and transfer reports.
  DeviceStateEngineOptions transfer;
  // From the first byte of a message to its last, and for sending a reply.
  absl::Duration message_timeout = absl::Seconds(10);
  // Each request by number, before it is looked at. Called on Serve()'s thread.
  std::function<void(uint32_t request)> on_request;
  // One line for each connection, malformed message and refusal. Called on
  // Serve()'s thread.
  std::function<void(absl::string_view line)> log;
};

// Serves one front-end at a time; the next one waits in the listener's queue.
//
// A malformed message is answered where the protocol has an answer: 42 with
// 0x101, 43 with a non-zero value, any other with a non-zero acknowledgement
// if the front-end asked for one. Without an answer to give, or with framing
// that cannot be trusted any more, the connection is closed.
class BackendEndpoint {
 public:
  // Binds, so that a front-end can connect as soon as this has returned.
  // `handler` must outlive the endpoint. Errors: as UnixListener::Listen().
  static absl::StatusOr<std::unique_ptr<BackendEndpoint>> Create(
      DeviceStateHandler* handler, BackendEndpointOptions options);
  // Serve() must have returned.
  ~BackendEndpoint();

  // Runs until Stop(), or to the end of the connection (see options). The
  // calling thread is the control thread of the handler's contract.
  absl::Status Serve();

  // Makes Serve() return, cancelling a transfer under way. Async-signal-safe
  // and thread-safe; holds for later calls of Serve(), too.
  void Stop() { stop_.Signal(); }

  // Bytes of the current or last transfer. Thread-safe.
  uint64_t progress() const { return engine_->progress(); }

 private:
  BackendEndpoint(BackendEndpointOptions options,
                  std::optional<UnixListener> listener, WakeEvent stop);
  bool single() const { return options_.once || !listener_.has_value(); }
  absl::Status AcceptOne();
  // Until the connection ends; its error is why.
  absl::Status ServeConnection();
  absl::Status HandleMessage(Message message);
  absl::Status HandleMalformed(const Message& message, absl::Status why);
  absl::Status SendReplies();
  absl::Status Send(const Message& message);
  void Log(absl::string_view line) const;

  BackendEndpointOptions options_;
  std::optional<UnixListener> listener_;
  const WakeEvent stop_;
  VhostUserDevice device_;
  std::unique_ptr<DeviceStateEngine> engine_;
  std::optional<Connection> connection_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_BACKEND_ENDPOINT_H_
