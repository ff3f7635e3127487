// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/backend_call.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate::proxy {

using vhost_user::Message;

absl::StatusOr<Message> CallBackend(Backend& backend, const Message& request,
                                    bool reply_due, absl::Duration timeout,
                                    int cancel_fd) {
  const Deadline deadline = Deadline::After(timeout);
  absl::Status status = backend.connection().Send(request, deadline, cancel_fd);
  if (status.ok() && !reply_due) return Message();
  if (status.ok()) {
    absl::StatusOr<Message> reply =
        backend.connection().Receive(deadline, cancel_fd);
    if (reply.ok() && reply->request == request.request) return reply;
    status =
        reply.ok()
            ? absl::InvalidArgumentError(absl::StrCat(
                  "answered with ", vhost_user::RequestName(reply->request)))
            : reply.status();
  }
  return vhost_user::RequestError(request.request, status, timeout);
}

absl::StatusOr<uint64_t> AskBackend(Backend& backend, uint32_t request,
                                    absl::Duration timeout, int cancel_fd) {
  Message message;
  message.request = request;
  DS_ASSIGN_OR_RETURN(
      const Message reply,
      CallBackend(backend, message, /*reply_due=*/true, timeout, cancel_fd));
  DS_RETURN_IF_ERROR(CheckNumber(reply));
  return vhost_user::ReadU64(reply.payload, 0);
}

absl::Status CheckNumber(const Message& reply) {
  if (reply.payload.size() == 8) return absl::OkStatus();
  return vhost_user::RequestError(
      reply.request,
      absl::InvalidArgumentError(absl::StrCat(
          "answered with ", reply.payload.size(), " bytes, expected 8")),
      absl::ZeroDuration());
}

absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ShareConnection(
    int fd, uint64_t protocol_features, absl::Duration timeout) {
  vhost_user::FrontendEndpointOptions options;
  options.reply_timeout = options.check_timeout = timeout;
  options.limits.total = timeout;
  options.limits.idle = std::min(options.limits.idle, timeout);
  FileDescriptor copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoStatus(errno, "fcntl");
  return vhost_user::FrontendEndpoint::FromNegotiated(
      std::move(copy), protocol_features, options);
}

}  // namespace devstate::proxy
