// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VFIO_SERVE_VFIO_USER_H_
#define DEVSTATE_TRANSPORT_VFIO_SERVE_VFIO_USER_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vfio/vfio_user_server.h"

namespace devstate::vfio {

struct ServeOptions {
  // The longest time from the first byte of a message to its last, and for the
  // client to take a reply. Default: 30 s.
  absl::Duration message_timeout = absl::Seconds(30);
  // Ends the service when it is readable. Default: -1, no such descriptor.
  int cancel_fd = -1;
};

// Answers the messages of one client until it closes the connection, on the
// caller's thread. Descriptors that come with a message are closed.
//
// Requires: `socket` is a connected Unix stream socket.
//
// Errors: those of VfioUserServer that end a connection, UNAVAILABLE (the
// client closed within a message), DEADLINE_EXCEEDED, ABORTED (cancelled).
absl::Status ServeVfioUser(const FileDescriptor& socket, VfioUserServer& server,
                           const ServeOptions& options = {});

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_SERVE_VFIO_USER_H_
