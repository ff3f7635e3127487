// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The engine level of the C interface. Each function ends with a code and a
// text in the calling thread, and nothing is thrown across it.

#include "devstate/backend/c/engine.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "devstate/backend/c/byte_functions.h"
#include "devstate/backend/c/error.h"
#include "devstate/backend/c/sized.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"

namespace devstate::c {
namespace {

using ::devstate::vhost_user::DeviceStateEngine;
using ::devstate::vhost_user::DeviceStateEngineOptions;
using ::devstate::vhost_user::DeviceStateHandler;
using ::devstate::vhost_user::LoadResult;
using ::devstate::vhost_user::TransferReport;

// A device with a state of bytes.
class BytesHandler : public DeviceStateHandler {
 public:
  BytesHandler(const devstate_bytes_ops& ops, void* device)
      : ops_(ops), device_(device) {}

  absl::Status Save(ByteSink& sink) override {
    return CallDevice("save", ops_.save, device_, &WriteTo,
                      static_cast<void*>(&sink));
  }
  LoadResult Load(ByteSource& source) override {
    return CallDevice("load", ops_.load, device_, &ReadFrom,
                      static_cast<void*>(&source));
  }
  LoadResult Commit() override {
    return CallDevice("commit", ops_.commit, device_);
  }
  void Discard() override { ops_.discard(device_); }

 private:
  const devstate_bytes_ops ops_;
  void* const device_;
};

absl::Duration Milliseconds(uint32_t given, absl::Duration by_default) {
  return given == 0 ? by_default : absl::Milliseconds(given);
}

absl::StatusOr<std::optional<ChannelKind>> OwnChannel(uint32_t kind) {
  switch (kind) {
    case DEVSTATE_CHANNEL_GIVEN:
      return std::nullopt;
    case DEVSTATE_CHANNEL_PIPE:
      return ChannelKind::kPipe;
    case DEVSTATE_CHANNEL_SOCKETPAIR:
      return ChannelKind::kSocketPair;
    case DEVSTATE_CHANNEL_MEMFD:
      return ChannelKind::kMemfd;
    case DEVSTATE_CHANNEL_FILE:
      return ChannelKind::kFile;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("devstate_engine_options.channel is ", kind,
                   ": take a value of devstate_channel"));
}

devstate_stage StageOf(TransferReport::Stage stage) {
  switch (stage) {
    case TransferReport::Stage::kRefused:
      return DEVSTATE_SET_REFUSED;
    case TransferReport::Stage::kAccepted:
      return DEVSTATE_SET_ACCEPTED;
    case TransferReport::Stage::kTransferred:
      return DEVSTATE_TRANSFERRED;
    case TransferReport::Stage::kChecked:
      return DEVSTATE_CHECKED;
    case TransferReport::Stage::kAbandoned:
      break;
  }
  return DEVSTATE_ABANDONED;
}

absl::StatusOr<DeviceStateEngineOptions> ReadOptions(
    const devstate_engine_options* given, void* device) {
  DS_ASSIGN_OR_RETURN(const devstate_engine_options read,
                      ReadSized(given, "devstate_engine_options"));
  DeviceStateEngineOptions options;
  DS_ASSIGN_OR_RETURN(options.own_channel, OwnChannel(read.channel));
  if (read.file_folder != nullptr) options.file_folder = read.file_folder;
  options.limits.total = Milliseconds(read.transfer_ms, options.limits.total);
  options.limits.idle = Milliseconds(read.idle_ms, options.limits.idle);
  if (read.max_bytes != 0) options.limits.max_bytes = read.max_bytes;
  options.check_timeout = Milliseconds(read.check_ms, options.check_timeout);
  if (read.report != nullptr) {
    options.report = [device,
                      report = read.report](const TransferReport& step) {
      const std::string text(step.status.message());
      devstate_transfer transfer = {};
      transfer.stage = StageOf(step.stage);
      transfer.load = step.direction == vhost_user::TransferDirection::kLoad;
      transfer.code = CodeOf(step.status);
      transfer.text = text.c_str();
      transfer.bytes = step.bytes;
      transfer.reply = step.reply;
      report(device, &transfer);
    };
  }
  return options;
}

absl::StatusOr<devstate_bytes_ops> ReadOps(const devstate_bytes_ops* given) {
  DS_ASSIGN_OR_RETURN(const devstate_bytes_ops ops,
                      ReadSized(given, "devstate_bytes_ops"));
  if (ops.save == nullptr || ops.load == nullptr || ops.commit == nullptr ||
      ops.discard == nullptr) {
    return absl::InvalidArgumentError(
        "devstate_bytes_ops: set save, load, commit and discard");
  }
  return ops;
}

// Returns the descriptors of a request, which the result closes.
std::vector<FileDescriptor> TakeDescriptors(const int* fds, size_t count) {
  std::vector<FileDescriptor> taken;
  for (size_t i = 0; i < count; ++i) taken.emplace_back(fds[i]);
  return taken;
}

// How long a front-end may leave a reply in its socket.
constexpr absl::Duration kSendTimeout = absl::Seconds(10);

absl::Status SendReplies(DeviceStateEngine& engine, int socket) {
  while (auto reply = engine.TakeReply()) {
    // The connection closes its own descriptor.
    FileDescriptor own(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
    if (!own.valid()) return ErrnoStatus(errno, "fcntl");
    DS_RETURN_IF_ERROR(
        vhost_user::Connection(std::move(own))
            .Send(ToMessage(*std::move(reply)), Deadline::After(kSendTimeout)));
  }
  return absl::OkStatus();
}

}  // namespace

devstate_engine* MakeEngine(std::unique_ptr<DeviceStateHandler> handler,
                            void* device,
                            const devstate_engine_options* given) {
  absl::StatusOr<DeviceStateEngineOptions> options = ReadOptions(given, device);
  if (!options.ok()) {
    Report(options.status());
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<DeviceStateEngine>> engine =
      DeviceStateEngine::Create(handler.get(), *std::move(options));
  if (!engine.ok()) {
    Report(engine.status(), DEVSTATE_ESYSTEM);
    return nullptr;
  }
  return new devstate_engine{std::move(handler), *std::move(engine), nullptr};
}

}  // namespace devstate::c

using ::devstate::FileDescriptor;
using ::devstate::c::Report;
using ::devstate::c::TakeDescriptors;
using ::devstate::vhost_user::kSetProtocolFeatures;
using ::devstate::vhost_user::ReadU64;

devstate_engine* devstate_engine_new_bytes(
    const devstate_bytes_ops* ops, void* device,
    const devstate_engine_options* options) {
  const auto read = ::devstate::c::ReadOps(ops);
  if (!read.ok()) {
    Report(read.status());
    return nullptr;
  }
  return ::devstate::c::MakeEngine(
      std::make_unique<::devstate::c::BytesHandler>(*read, device), device,
      options);
}

void devstate_engine_free(devstate_engine* engine) { delete engine; }

void devstate_engine_negotiated(devstate_engine* engine,
                                uint64_t protocol_features) {
  engine->engine->SetNegotiated(
      (protocol_features >> DEVSTATE_PROTOCOL_FEATURE & 1) != 0);
}

void devstate_engine_running(devstate_engine* engine, bool any_ring_started) {
  engine->engine->SetRunning(any_ring_started);
}

void devstate_engine_disconnected(devstate_engine* engine) {
  engine->rings = {};
  engine->engine->Disconnected();
}

void devstate_engine_set_fd(devstate_engine* engine, const void* payload,
                            size_t size, const int* fds, size_t count,
                            int socket) {
  std::vector<FileDescriptor> taken = TakeDescriptors(fds, count);
  uint32_t numbers[2];
  if (size != sizeof(numbers) || count != 1) {
    engine->engine->RefuseDeviceStateFd(absl::InvalidArgumentError(
        absl::StrCat("SET_DEVICE_STATE_FD: ", size, " bytes of payload and ",
                     count, " descriptors, expected are 8 and 1")));
    return;
  }
  std::memcpy(numbers, payload, sizeof(numbers));
  engine->engine->SetDeviceStateFd(numbers[0], numbers[1], std::move(taken[0]),
                                   socket);
}

void devstate_engine_check(devstate_engine* engine, size_t size) {
  if (size == 0) {
    engine->engine->CheckDeviceState();
  } else {
    engine->engine->RefuseCheck(absl::InvalidArgumentError(absl::StrCat(
        "CHECK_DEVICE_STATE: ", size, " bytes of payload, expected are none")));
  }
}

bool devstate_engine_request(devstate_engine* engine, uint32_t request,
                             const void* payload, size_t size, const int* fds,
                             size_t count, int socket) {
  if (request == DEVSTATE_SET_DEVICE_STATE_FD) {
    devstate_engine_set_fd(engine, payload, size, fds, count, socket);
    return true;
  }
  if (request == DEVSTATE_CHECK_DEVICE_STATE) {
    TakeDescriptors(fds, count);
    devstate_engine_check(engine, size);
    return true;
  }
  const absl::string_view bytes(static_cast<const char*>(payload), size);
  if (request == kSetProtocolFeatures && size >= sizeof(uint64_t)) {
    devstate_engine_negotiated(engine, ReadU64(bytes, 0));
  }
  const bool was_running = engine->rings.any();
  engine->rings.Note(request, bytes);
  const bool running = engine->rings.any();
  if (running != was_running) devstate_engine_running(engine, running);
  return false;
}

int devstate_engine_poll_fd(const devstate_engine* engine) {
  return engine->engine->poll_fd();
}

void devstate_engine_dispatch(devstate_engine* engine) {
  engine->engine->Dispatch();
}

bool devstate_engine_owes_reply(const devstate_engine* engine) {
  return engine->engine->owes_reply();
}

int devstate_engine_take_reply(devstate_engine* engine, devstate_reply* reply) {
  auto taken = engine->engine->TakeReply();
  if (!taken.has_value()) return 0;
  reply->request = taken->request;
  reply->value = taken->value;
  reply->fd = taken->fd.Release();
  const std::string bytes = EncodeMessage(ToMessage(*std::move(taken)));
  std::memcpy(reply->message, bytes.data(), sizeof(reply->message));
  return 1;
}

int devstate_engine_send_replies(devstate_engine* engine, int socket) {
  return Report(::devstate::c::SendReplies(*engine->engine, socket));
}

void devstate_engine_wait(devstate_engine* engine) {
  while (engine->engine->owes_reply()) {
    pollfd ready = {engine->engine->poll_fd(), POLLIN, 0};
    // An interrupted wait is a short one.
    ::poll(&ready, 1, -1);
    engine->engine->Dispatch();
  }
}

uint64_t devstate_engine_progress(const devstate_engine* engine) {
  return engine->engine->progress();
}
