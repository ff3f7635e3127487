// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_BACKEND_CALL_H_
#define DEVSTATE_PROXY_BACKEND_CALL_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "devstate/proxy/backend.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::proxy {

// Sends a request, and takes its answer if one is due. Waits for up to
// `timeout`, or until `cancel_fd` is readable, of which -1 is none. Errors name
// the request.
absl::StatusOr<vhost_user::Message> CallBackend(
    Backend& backend, const vhost_user::Message& request, bool reply_due,
    absl::Duration timeout, int cancel_fd);

// Returns INVALID_ARGUMENT unless the payload of a reply has 8 bytes.
absl::Status CheckNumber(const vhost_user::Message& reply);

// As CallBackend() for a request without payload whose answer is a number.
absl::StatusOr<uint64_t> AskBackend(Backend& backend, uint32_t request,
                                    absl::Duration timeout, int cancel_fd);

// Returns an endpoint for transfers over the connection `fd`, of which it has a
// duplicate. `timeout` bounds each answer and the whole of a transfer.
//
// Requires: `protocol_features` are negotiated, and whenever the endpoint is
// used no answer is due and nobody else uses the connection.
absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ShareConnection(
    int fd, uint64_t protocol_features, absl::Duration timeout);

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_BACKEND_CALL_H_
