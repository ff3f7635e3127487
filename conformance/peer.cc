// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each error names the request and what the back-end did instead of answering
// it, because that text is the report of a failed case.

#include "devstate/conformance/peer.h"

#include <fcntl.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/fd_stream.h"

namespace devstate::conformance {

absl::StatusOr<std::unique_ptr<Peer>> Peer::Create(FileDescriptor socket,
                                                   absl::Duration timeout) {
  FileDescriptor copy(fcntl(socket.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) {
    return absl::ResourceExhaustedError("no file descriptor is left");
  }
  vhost_user::FrontendEndpointOptions options;
  options.reply_timeout = options.check_timeout = timeout;
  options.limits.idle = timeout;
  DS_ASSIGN_OR_RETURN(std::unique_ptr<vhost_user::FrontendEndpoint> frontend,
                      vhost_user::FrontendEndpoint::FromSocket(
                          std::move(copy), std::move(options)));
  return std::unique_ptr<Peer>(
      new Peer(std::move(frontend), std::move(socket), timeout));
}

absl::Status Peer::Send(uint32_t request, std::string payload,
                        std::vector<FileDescriptor> fds, uint32_t flags) {
  vhost_user::Message message;
  message.request = request;
  message.flags = flags;
  message.payload = std::move(payload);
  message.fds = std::move(fds);
  const absl::Status sent =
      connection_.Send(message, Deadline::After(timeout_));
  return sent.ok() ? sent : vhost_user::RequestError(request, sent, timeout_);
}

absl::StatusOr<vhost_user::Message> Peer::Ask(uint32_t request,
                                              std::string payload,
                                              std::vector<FileDescriptor> fds,
                                              uint32_t flags) {
  DS_RETURN_IF_ERROR(Send(request, std::move(payload), std::move(fds), flags));
  absl::StatusOr<vhost_user::Message> reply =
      connection_.Receive(Deadline::After(timeout_));
  if (!reply.ok())
    return vhost_user::RequestError(request, reply.status(), timeout_);
  if (reply->request != request) {
    return absl::InvalidArgumentError(
        absl::StrCat(vhost_user::RequestName(request),
                     " was asked, and then came a message of ",
                     vhost_user::RequestName(reply->request)));
  }
  if (reply->flags != vhost_user::kReplyFlags) {
    return absl::InvalidArgumentError(absl::StrCat(
        vhost_user::RequestName(request), ": the reply has flags 0x",
        absl::Hex(reply->flags), ", expected 0x5"));
  }
  return reply;
}

absl::StatusOr<uint64_t> Peer::AskU64(uint32_t request, uint32_t flags) {
  DS_ASSIGN_OR_RETURN(const vhost_user::Message reply,
                      Ask(request, "", {}, flags));
  if (reply.payload.size() != 8) {
    return absl::InvalidArgumentError(
        absl::StrCat(vhost_user::RequestName(request), ": the reply has ",
                     reply.payload.size(), " bytes, expected 8"));
  }
  return vhost_user::ReadU64(reply.payload, 0);
}

absl::Status Peer::ExpectSilence() {
  DS_ASSIGN_OR_RETURN(const std::optional<vhost_user::Message> message,
                      connection_.TryReceive());
  if (!message.has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a message of ", vhost_user::RequestName(message->request),
                   " came that nobody had asked for"));
}

absl::StatusOr<Transfer> Peer::Open(vhost_user::TransferDirection direction,
                                    FileDescriptor given, FileDescriptor other,
                                    uint32_t flags) {
  DS_ASSIGN_OR_RETURN(vhost_user::Message reply,
                      Ask(vhost_user::kSetDeviceStateFd,
                          TwoU32(static_cast<uint32_t>(direction),
                                 vhost_user::kTransferPhaseStopped),
                          One(std::move(given)), flags));
  if (reply.payload.size() != 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("SET_DEVICE_STATE_FD: the reply has ",
                     reply.payload.size(), " bytes, expected 8"));
  }
  const uint64_t value = vhost_user::ReadU64(reply.payload, 0);
  const std::string text =
      absl::StrCat("SET_DEVICE_STATE_FD: the reply is 0x", absl::Hex(value),
                   " with ", reply.fds.size(), " file descriptors");
  if ((value & vhost_user::kSetStateErrorMask) != 0) {
    return absl::FailedPreconditionError(text);
  }
  // The text defines no more than bit 8 and the bits below.
  if (value == vhost_user::kSetStateNoFd && reply.fds.empty()) {
    return Transfer{std::move(other), false};
  }
  if (value == 0 && reply.fds.size() == 1) {
    return Transfer{std::move(reply.fds[0]), true};
  }
  return absl::InvalidArgumentError(
      absl::StrCat(text, ", expected 0x100 without one, or 0x0 with one"));
}

absl::StatusOr<std::string> Peer::ReadToEnd(FileDescriptor end) {
  TransferLimits limits;
  limits.idle = timeout_;
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(end), ChannelUse::kRead));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSource> source,
                      FdSource::Create(std::move(channel), limits));
  std::string bytes;
  std::vector<char> buffer(64 << 10);
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source->Read(buffer.data(), buffer.size()));
    if (got == 0) return bytes;
    bytes.append(buffer.data(), got);
  }
}

absl::Status Peer::WriteAndClose(FileDescriptor end, absl::string_view bytes) {
  TransferLimits limits;
  limits.idle = timeout_;
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(end), ChannelUse::kWrite));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSink> sink,
                      FdSink::Create(std::move(channel), limits));
  DS_RETURN_IF_ERROR(sink->Write(bytes));
  return sink->Finish();
}

absl::StatusOr<std::string> Peer::Save(ChannelKind kind) {
  MemorySink state;
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                      frontend_->SaveState(kind, state));
  DS_RETURN_IF_ERROR(result.transfer);
  if (result.check_reply == 0) return state.Take();
  return absl::FailedPreconditionError(
      absl::StrCat("a save: CHECK_DEVICE_STATE was answered with ",
                   CheckReplyText(result.check_reply)));
}

absl::StatusOr<vhost_user::TransferResult> Peer::TryLoad(
    const std::string& state, ChannelKind kind) {
  MemorySource source(state);
  return frontend_->LoadState(kind, source);
}

absl::Status Peer::Load(const std::string& state, ChannelKind kind) {
  DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                      TryLoad(state, kind));
  DS_RETURN_IF_ERROR(result.transfer);
  if (result.check_reply == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "a load of the state that it had saved: CHECK_DEVICE_STATE was answered "
      "with ",
      CheckReplyText(result.check_reply)));
}

std::vector<FileDescriptor> One(FileDescriptor fd) {
  std::vector<FileDescriptor> fds;
  fds.push_back(std::move(fd));
  return fds;
}

std::string TwoU32(uint32_t a, uint32_t b) {
  std::string payload;
  vhost_user::AppendU32(a, &payload);
  vhost_user::AppendU32(b, &payload);
  return payload;
}

}  // namespace devstate::conformance
