// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The order of the steps follows from what a back-end may do with its end of a
// channel. Our copy of that end is closed before anything is read. A file is
// filled before it is handed over. After a broken pipe CHECK_DEVICE_STATE is
// still sent, because its answer is the only reason there is.

#include "devstate/transport/vhost_user/frontend_endpoint.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate::vhost_user {
namespace {

constexpr size_t kCopyBuffer = 256 << 10;

Message MakeRequest(uint32_t request, std::string payload = "") {
  Message message;
  message.request = request;
  message.payload = std::move(payload);
  return message;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FrontendEndpoint>> FrontendEndpoint::Connect(
    const std::string& socket_path, FrontendEndpointOptions options) {
  DS_ASSIGN_OR_RETURN(
      FileDescriptor socket,
      ConnectUnix(socket_path, Deadline::After(options.connect_timeout)));
  return FromSocket(std::move(socket), std::move(options));
}

absl::StatusOr<std::unique_ptr<FrontendEndpoint>> FrontendEndpoint::FromSocket(
    FileDescriptor socket, FrontendEndpointOptions options) {
  DS_ASSIGN_OR_RETURN(WakeEvent stop, WakeEvent::Create());
  return std::unique_ptr<FrontendEndpoint>(new FrontendEndpoint(
      std::move(socket), std::move(options), std::move(stop)));
}

absl::StatusOr<std::unique_ptr<FrontendEndpoint>>
FrontendEndpoint::FromNegotiated(FileDescriptor socket,
                                 uint64_t protocol_features,
                                 FrontendEndpointOptions options) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<FrontendEndpoint> endpoint,
                      FromSocket(std::move(socket), std::move(options)));
  endpoint->protocol_features_ = protocol_features;
  return endpoint;
}

absl::Status FrontendEndpoint::Break(absl::Status why) {
  if (broken_.ok()) broken_ = std::move(why);
  return broken_;
}

absl::Status FrontendEndpoint::Send(const Message& message) {
  DS_RETURN_IF_ERROR(broken_);
  if (options_.observer) {
    options_.observer({true, message.request, message.flags, &message.payload,
                       message.fds.size()});
  }
  const absl::Status sent = connection_.Send(
      message, Deadline::After(options_.reply_timeout), stop_.fd());
  return sent.ok()
             ? sent
             : RequestError(message.request, sent, options_.reply_timeout);
}

absl::StatusOr<Message> FrontendEndpoint::Call(const Message& message,
                                               size_t reply_size,
                                               absl::Duration timeout) {
  DS_RETURN_IF_ERROR(Send(message));
  absl::StatusOr<Message> received =
      connection_.Receive(Deadline::After(timeout), stop_.fd());
  if (!received.ok()) {
    return RequestError(message.request, received.status(), timeout);
  }
  Message reply = *std::move(received);
  if (options_.observer) {
    options_.observer(
        {false, reply.request, reply.flags, &reply.payload, reply.fds.size()});
  }
  const std::string name = RequestName(message.request);
  if (reply.request != message.request) {
    return Break(absl::InvalidArgumentError(absl::StrCat(
        "reply to ", name, ": it is for ", RequestName(reply.request))));
  }
  if (reply.flags != kReplyFlags) {
    return Break(absl::InvalidArgumentError(
        absl::StrCat("reply to ", name, ": flags 0x", absl::Hex(reply.flags),
                     ", expected 0x5")));
  }
  if (reply.payload.size() != reply_size) {
    return Break(absl::InvalidArgumentError(
        absl::StrCat("reply to ", name, ": ", reply.payload.size(),
                     " bytes, expected ", reply_size)));
  }
  if (!reply.fds.empty() && message.request != kSetDeviceStateFd &&
      message.request != kGetInflightFd) {
    return Break(absl::InvalidArgumentError(
        absl::StrCat("reply to ", name, ": carries a file descriptor")));
  }
  return reply;
}

absl::StatusOr<uint64_t> FrontendEndpoint::CallU64(uint32_t request) {
  DS_ASSIGN_OR_RETURN(const Message reply,
                      Call(MakeRequest(request), 8, options_.reply_timeout));
  return ReadU64(reply.payload, 0);
}

absl::Status FrontendEndpoint::SendU64(uint32_t request, uint64_t value) {
  return Send(MakeRequest(request, U64Payload(value)));
}

absl::StatusOr<BackendOffer> FrontendEndpoint::GetOffer() {
  BackendOffer offer;
  DS_ASSIGN_OR_RETURN(offer.features, CallU64(kGetFeatures));
  if ((offer.features & kVhostUserFProtocolFeatures) != 0) {
    DS_ASSIGN_OR_RETURN(offer.protocol_features, CallU64(kGetProtocolFeatures));
  }
  return offer;
}

absl::StatusOr<uint64_t> FrontendEndpoint::GetQueueNum(
    const BackendOffer& offer) {
  if ((offer.protocol_features & kProtocolFMq) == 0) {
    return absl::FailedPreconditionError(
        "the back-end does not offer the protocol feature MQ (bit 0), so its "
        "number of queues cannot be asked for");
  }
  DS_RETURN_IF_ERROR(SendU64(kSetProtocolFeatures, kProtocolFMq));
  return CallU64(kGetQueueNum);
}

absl::Status FrontendEndpoint::Negotiate() {
  DS_ASSIGN_OR_RETURN(const BackendOffer offer, GetOffer());
  features_ = offer.features;
  if ((features_ & kVhostUserFProtocolFeatures) == 0) {
    DS_RETURN_IF_ERROR(Send(MakeRequest(kSetOwner)));
    return absl::FailedPreconditionError(
        "the back-end knows no protocol features, so no device state");
  }
  const uint64_t wanted = kProtocolFMq | kProtocolFLogShmfd |
                          kProtocolFReplyAck | kProtocolFConfigureMemSlots |
                          kProtocolFDeviceState | options_.protocol_features;
  DS_RETURN_IF_ERROR(
      SendU64(kSetProtocolFeatures, offer.protocol_features & wanted));
  protocol_features_ = offer.protocol_features & wanted;
  if ((protocol_features_ & kProtocolFMq) != 0) {
    DS_RETURN_IF_ERROR(CallU64(kGetQueueNum).status());
  }
  DS_RETURN_IF_ERROR(Send(MakeRequest(kSetOwner)));
  if ((protocol_features_ & kProtocolFDeviceState) == 0) {
    return absl::FailedPreconditionError(
        "the back-end does not offer the protocol feature DEVICE_STATE "
        "(bit 19)");
  }
  return absl::OkStatus();
}

absl::Status FrontendEndpoint::SetFeatures(uint64_t features) {
  return SendAcknowledged(MakeRequest(kSetFeatures, U64Payload(features)));
}

absl::Status FrontendEndpoint::SendAcknowledged(Message request) {
  if ((protocol_features_ & kProtocolFReplyAck) == 0) return Send(request);
  request.flags |= kFlagNeedReply;
  DS_ASSIGN_OR_RETURN(const Message reply,
                      Call(request, 8, options_.reply_timeout));
  const uint64_t value = ReadU64(reply.payload, 0);
  if (value == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      RequestName(request.request), ": refused by the back-end with ", value));
}

absl::Status FrontendEndpoint::StartRing(uint8_t ring) {
  DS_RETURN_IF_ERROR(SendU64(kSetVringKick, ring | kVringNoFd));
  running_.insert(ring);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> FrontendEndpoint::StopRing(uint8_t ring) {
  return StopRingWith(kGetVringBase, ring);
}

absl::StatusOr<uint32_t> FrontendEndpoint::StopRingWithoutDrain(uint8_t ring) {
  DS_RETURN_IF_ERROR(CheckNegotiated(kGetVringBaseSkipDrain, protocol_features_,
                                     kProtocolFGetVringBaseSkipDrain));
  return StopRingWith(kGetVringBaseSkipDrain, ring);
}

absl::StatusOr<uint32_t> FrontendEndpoint::StopRingWith(uint32_t request,
                                                        uint8_t ring) {
  std::string payload;
  AppendU32(ring, &payload);
  AppendU32(0, &payload);
  DS_ASSIGN_OR_RETURN(const Message reply,
                      Call(MakeRequest(request, std::move(payload)), 8,
                           options_.reply_timeout));
  running_.erase(ring);
  return ReadU32(reply.payload, 4);
}

absl::StatusOr<InflightMemory> FrontendEndpoint::GetInflight(
    uint16_t queues, uint16_t queue_size) {
  DS_RETURN_IF_ERROR(CheckNegotiated(kGetInflightFd, protocol_features_,
                                     kProtocolFInflightShmfd));
  InflightDescription wanted;
  wanted.num_queues = queues;
  wanted.queue_size = queue_size;
  DS_ASSIGN_OR_RETURN(Message reply,
                      Call(MakeRequest(kGetInflightFd, InflightPayload(wanted)),
                           kInflightDescriptionSize, options_.reply_timeout));
  InflightMemory memory;
  memory.description = ReadInflightDescription(reply.payload);
  const size_t expected = memory.description.mmap_size != 0 ? 1 : 0;
  if (reply.fds.size() != expected) {
    return Break(absl::InvalidArgumentError(
        absl::StrCat("reply to GET_INFLIGHT_FD: ", memory.description.mmap_size,
                     " bytes with ", reply.fds.size(),
                     " file descriptors, expected ", expected)));
  }
  if (expected == 1) memory.fd = std::move(reply.fds[0]);
  return memory;
}

absl::Status FrontendEndpoint::SetInflight(InflightMemory memory) {
  DS_RETURN_IF_ERROR(CheckNegotiated(kSetInflightFd, protocol_features_,
                                     kProtocolFInflightShmfd));
  Message request =
      MakeRequest(kSetInflightFd, InflightPayload(memory.description));
  request.fds.push_back(std::move(memory.fd));
  return SendAcknowledged(std::move(request));
}

absl::Status FrontendEndpoint::CheckNegotiatedState() const {
  if ((protocol_features_ & kProtocolFDeviceState) != 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "device state was not negotiated with this back-end");
}

absl::Status FrontendEndpoint::CheckAllowed() const {
  DS_RETURN_IF_ERROR(CheckNegotiatedState());
  if (!running_.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(running_.size(), " rings are running; stop them first"));
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> FrontendEndpoint::SetDeviceStateFd(
    TransferDirection direction, FileDescriptor remote, TransferResult* result,
    uint32_t phase) {
  Message request = MakeRequest(kSetDeviceStateFd);
  AppendU32(static_cast<uint32_t>(direction), &request.payload);
  AppendU32(phase, &request.payload);
  request.fds.push_back(std::move(remote));
  absl::StatusOr<Message> reply = Call(request, 8, options_.reply_timeout);
  // Our copy of the back-end's end must go before anything is read or awaited,
  // or the end of the channel would never come.
  request.fds.clear();
  DS_RETURN_IF_ERROR(reply.status());
  const uint64_t value = ReadU64(reply->payload, 0);
  result->set_reply = value;
  if ((value & kSetStateErrorMask) != 0) {
    if (!reply->fds.empty()) {
      return Break(absl::InvalidArgumentError(
          "reply to SET_DEVICE_STATE_FD: an error and a file descriptor"));
    }
    return absl::FailedPreconditionError(
        absl::StrCat("SET_DEVICE_STATE_FD: refused by the back-end with 0x",
                     absl::Hex(value)));
  }
  if (value == kSetStateNoFd && reply->fds.empty()) return FileDescriptor();
  if (value == 0 && reply->fds.size() == 1) {
    result->own_channel = true;
    return std::move(reply->fds[0]);
  }
  return Break(absl::InvalidArgumentError(
      absl::StrCat("reply to SET_DEVICE_STATE_FD: 0x", absl::Hex(value),
                   " with ", reply->fds.size(), " file descriptors")));
}

absl::Status FrontendEndpoint::CheckDeviceState(TransferResult* result) {
  DS_ASSIGN_OR_RETURN(const Message reply, Call(MakeRequest(kCheckDeviceState),
                                                8, options_.check_timeout));
  result->checked = true;
  result->check_reply = ReadU64(reply.payload, 0);
  return absl::OkStatus();
}

absl::Status SaveSource::CheckOnce() {
  if (result_.checked) return absl::OkStatus();
  DS_RETURN_IF_ERROR(endpoint_->CheckDeviceState(&result_));
  if (result_.check_reply == 0) return absl::OkStatus();
  const auto& text = endpoint_->options_.check_reply_text;
  return absl::FailedPreconditionError(absl::StrCat(
      "CHECK_DEVICE_STATE: the back-end says ",
      text != nullptr ? text(result_.check_reply)
                      : absl::StrCat("0x", absl::Hex(result_.check_reply)),
      "; its log has the reason"));
}

absl::StatusOr<size_t> SaveSource::Read(char* buffer, size_t size) {
  DS_RETURN_IF_ERROR(failure_);
  if (check_first_) {
    failure_ = CheckOnce();
    DS_RETURN_IF_ERROR(failure_);
  }
  const absl::StatusOr<size_t> got = source_->Read(buffer, size);
  if (!got.ok()) {
    failure_ = result_.transfer = got.status();
    return failure_;
  }
  result_.bytes += *got;
  if (*got == 0) {
    failure_ = CheckOnce();
    DS_RETURN_IF_ERROR(failure_);
  } else if (endpoint_->options_.progress) {
    endpoint_->options_.progress(result_.bytes);
  }
  return got;
}

absl::StatusOr<std::unique_ptr<SaveSource>> FrontendEndpoint::OpenSave(
    ChannelKind kind) {
  DS_RETURN_IF_ERROR(CheckAllowed());
  DS_ASSIGN_OR_RETURN(ChannelEnds ends,
                      CreateChannel(kind, options_.file_folder));
  std::unique_ptr<SaveSource> save(new SaveSource(this));
  DS_ASSIGN_OR_RETURN(
      FileDescriptor own,
      SetDeviceStateFd(TransferDirection::kSave, std::move(ends.write_end),
                       &save->result_));
  if (own.valid()) ends.read_end = std::move(own);
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(std::move(ends.read_end), ChannelUse::kRead,
                                   connection_.fd()));
  save->result_.channel = channel.info.kind;
  // A stored channel of ours ends wherever the back-end happens to be: only
  // CHECK says that it is complete. One of the back-end's is complete already.
  save->check_first_ = channel.info.stored() && !save->result_.own_channel;
  // And its offset may have moved since it was made: a back-end that writes
  // with write() moves the one that we share with it.
  if (save->check_first_) channel.info.offset = 0;
  DS_ASSIGN_OR_RETURN(save->source_,
                      FdSource::Create(std::move(channel), options_.limits));
  return save;
}

absl::StatusOr<TransferResult> FrontendEndpoint::SaveState(ChannelKind kind,
                                                           ByteSink& out) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<SaveSource> save, OpenSave(kind));
  std::vector<char> buffer(kCopyBuffer);
  while (true) {
    const absl::StatusOr<size_t> got = save->Read(buffer.data(), buffer.size());
    if (!got.ok()) {
      if (save->result().checked) return save->result();
      return got.status();
    }
    if (*got == 0) return save->result();
    DS_RETURN_IF_ERROR(out.Write({buffer.data(), *got}));
  }
}

absl::StatusOr<std::shared_ptr<FdSink>> FrontendEndpoint::OpenSink(
    FileDescriptor fd, TransferResult* result) {
  DS_ASSIGN_OR_RETURN(
      Channel channel,
      AdmitChannel(std::move(fd), ChannelUse::kWrite, connection_.fd()));
  result->channel = channel.info.kind;
  return FdSink::Create(std::move(channel), options_.limits);
}

absl::Status FrontendEndpoint::Copy(ByteSource& in, FdSink& sink,
                                    TransferResult* result) {
  std::vector<char> buffer(kCopyBuffer);
  while (true) {
    const absl::StatusOr<size_t> got = in.Read(buffer.data(), buffer.size());
    if (!got.ok()) {
      sink.Cancel("the state's source failed");
      return got.status();
    }
    if (*got == 0) break;
    result->transfer = sink.Write({buffer.data(), *got});
    result->bytes = sink.bytes();
    if (!result->transfer.ok()) return absl::OkStatus();
    if (options_.progress) options_.progress(result->bytes);
  }
  result->transfer = sink.Finish();
  return absl::OkStatus();
}

absl::StatusOr<TransferResult> FrontendEndpoint::LoadState(ChannelKind kind,
                                                           ByteSource& in) {
  DS_RETURN_IF_ERROR(CheckAllowed());
  TransferResult result;
  DS_ASSIGN_OR_RETURN(ChannelEnds ends,
                      CreateChannel(kind, options_.file_folder));
  std::shared_ptr<FdSource> stored;
  if (IsStored(kind)) {
    // A back-end may read a file to its end as soon as it gets it: so the
    // state must be in it before. If the back-end prefers a channel of its
    // own, it goes on from here.
    DS_ASSIGN_OR_RETURN(auto sink,
                        OpenSink(std::move(ends.write_end), &result));
    DS_RETURN_IF_ERROR(Copy(in, *sink, &result));
    DS_RETURN_IF_ERROR(result.transfer);
    FileDescriptor copy(::fcntl(ends.read_end.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return ErrnoStatus(errno, "fcntl(F_DUPFD_CLOEXEC)");
    DS_ASSIGN_OR_RETURN(Channel channel,
                        AdmitChannel(std::move(copy), ChannelUse::kRead));
    DS_ASSIGN_OR_RETURN(stored,
                        FdSource::Create(std::move(channel), options_.limits));
  }
  DS_ASSIGN_OR_RETURN(FileDescriptor own,
                      SetDeviceStateFd(TransferDirection::kLoad,
                                       std::move(ends.read_end), &result));
  if (stored == nullptr || own.valid()) {
    if (own.valid()) ends.write_end = std::move(own);
    DS_ASSIGN_OR_RETURN(auto sink,
                        OpenSink(std::move(ends.write_end), &result));
    ByteSource& from = stored != nullptr ? *stored : in;
    DS_RETURN_IF_ERROR(Copy(from, *sink, &result));
    // The broken pipe of a back-end that closed early; CHECK says why.
    if (!result.transfer.ok() && !absl::IsUnavailable(result.transfer)) {
      return result.transfer;
    }
  }
  DS_RETURN_IF_ERROR(CheckDeviceState(&result));
  return result;
}

absl::Status FrontendEndpoint::BeginRounds(TransferDirection direction,
                                           FileDescriptor channel) {
  DS_RETURN_IF_ERROR(CheckNegotiatedState());
  DS_RETURN_IF_ERROR(
      CheckNegotiated(kDeviceStateRound, protocol_features_, kProtocolFRounds));
  TransferResult result;
  DS_ASSIGN_OR_RETURN(const FileDescriptor own,
                      SetDeviceStateFd(direction, std::move(channel), &result,
                                       kTransferPhaseRounds));
  if (!own.valid()) return absl::OkStatus();
  return Break(absl::InvalidArgumentError(
      "reply to SET_DEVICE_STATE_FD: a file descriptor in rounds"));
}

absl::StatusOr<RoundReply> FrontendEndpoint::Round(uint32_t number, bool last) {
  DS_RETURN_IF_ERROR(
      CheckNegotiated(kDeviceStateRound, protocol_features_, kProtocolFRounds));
  std::string payload;
  AppendU32(number, &payload);
  AppendU32(last ? 1 : 0, &payload);
  DS_ASSIGN_OR_RETURN(const Message message,
                      Call(MakeRequest(kDeviceStateRound, std::move(payload)),
                           kRoundReplySize, options_.limits.total));
  const RoundReply reply = ReadRoundReply(message.payload);
  if (reply.error == 0) return reply;
  return absl::FailedPreconditionError(
      absl::StrCat("DEVICE_STATE_ROUND: round ", number,
                   " refused by the back-end with ", reply.error));
}

absl::StatusOr<TransferResult> FrontendEndpoint::Check() {
  DS_RETURN_IF_ERROR(CheckNegotiatedState());
  TransferResult result;
  DS_RETURN_IF_ERROR(CheckDeviceState(&result));
  return result;
}

}  // namespace devstate::vhost_user
