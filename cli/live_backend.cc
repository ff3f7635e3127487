// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/live_backend.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/error_place.h"
#include "cli/exit_codes.h"
#include "cli/stream_file.h"
#include "devstate/compat/verdict.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"

namespace devstate {
namespace {

// How long a back-end may take to listen, and between two attempts.
constexpr absl::Duration kReturning = absl::Seconds(2);
constexpr absl::Duration kRetry = absl::Milliseconds(10);

}  // namespace

absl::Status AtSocket(const std::string& socket, const absl::Status& status) {
  // Connecting names it already, and an error may be about a file.
  if (status.ok() || absl::StartsWith(status.message(), socket) ||
      FileOf(status).has_value()) {
    return status;
  }
  return NamesItsPlace(absl::Status(
      status.code(), absl::StrCat(socket, ": ", status.message())));
}

void LiveFlags::AddTo(Command& verb) {
  verb.AddOption("--channel", &channel, "What the state goes through")
      .OneOf({"pipe", "socketpair", "memfd", "file"})
      .ShowDefault();
  verb.AddOption("--timeout", &timeout_seconds,
                 "Seconds until a transfer is given up")
      .InRange(0.1, 86400.0)
      .ShowDefault();
}

ChannelKind LiveFlags::channel_kind() const {
  return ParseChannelKind(channel).value_or(ChannelKind::kPipe);
}

absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ConnectBackend(
    const std::string& socket, const LiveFlags& flags,
    std::function<void(uint64_t bytes)> progress) {
  vhost_user::FrontendEndpointOptions options;
  options.progress = std::move(progress);
  options.check_reply_text = CheckReplyText;
  options.protocol_features = flags.protocol_features;
  const absl::Duration timeout = absl::Seconds(flags.timeout_seconds);
  options.connect_timeout = std::min(options.connect_timeout, timeout);
  options.reply_timeout = std::min(options.reply_timeout, timeout);
  options.check_timeout = timeout;
  options.limits.total = timeout;
  options.limits.idle = std::min(options.limits.idle, timeout);
  return ConnectTo(socket, options, timeout,
                   [](vhost_user::FrontendEndpoint& endpoint) {
                     return endpoint.Negotiate();
                   });
}

absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ConnectTo(
    const std::string& socket,
    const vhost_user::FrontendEndpointOptions& options, absl::Duration timeout,
    const std::function<absl::Status(vhost_user::FrontendEndpoint&)>& begin) {
  const Deadline deadline = Deadline::After(std::min(kReturning, timeout));
  while (true) {
    absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> endpoint =
        vhost_user::FrontendEndpoint::Connect(socket, options);
    const absl::Status status =
        endpoint.ok() ? begin(**endpoint) : endpoint.status();
    if (status.ok()) return endpoint;
    const bool may_return =
        absl::IsUnavailable(status) || absl::IsNotFound(status);
    if (!may_return || deadline.Expired()) return AtSocket(socket, status);
    absl::SleepFor(kRetry);
  }
}

absl::Status CheckTransfer(const std::string& socket,
                           const vhost_user::TransferResult& result) {
  if (result.ok()) return absl::OkStatus();
  if (!result.checked || result.check_reply == 0) {
    return AtSocket(socket, result.transfer);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      socket, ": the back-end answered CHECK_DEVICE_STATE with ",
      CheckReplyText(result.check_reply), "; its log has the reason"));
}

int PrintLiveError(const absl::Status& status) {
  if (!FileOf(status).value_or("").empty()) return PrintFileError("", status);
  absl::FPrintF(stderr, "devstate: %s\n", status.message());
  return status.code() == absl::StatusCode::kFailedPrecondition
             ? kExitRefused
             : kExitUsageOrIo;
}

}  // namespace devstate
