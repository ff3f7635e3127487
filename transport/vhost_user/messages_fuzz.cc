// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Control messages with descriptors: the first byte says to which endpoint.
// Neither keeps a descriptor. The back-end keeps the rules of its device and
// answers in the right form; if it still listens after all that, a good save
// goes through. fuzzed_messages.h has the layout of a message.

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/fuzzed_messages.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_device.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "fuzz/promise.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

// More would not fit the socket's buffer, which nobody empties meanwhile.
constexpr size_t kMaxMessages = 40;

// The two ends of a control connection.
struct Sockets {
  FileDescriptor ours;
  FileDescriptor theirs;
};

Sockets Connect() {
  int fds[2];
  Promise(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0,
          "there is a socket pair");
  return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

// The requests of a save by a front-end that keeps the rules.
FileDescriptor SendGoodSave(const FileDescriptor& socket) {
  auto ends = MakeChannel();
  std::vector<FileDescriptor> fds;
  fds.push_back(std::move(ends.write_end));
  const std::string features =
      EncodeHeader({kSetProtocolFeatures, kVersion, 8}) +
      U64Payload(kDefaultProtocolFeatures);
  SendFuzzed(socket, features, {});
  SendFuzzed(socket, EncodeHeader({kResetDevice, kVersion, 0}), {});
  SendFuzzed(socket, features, {});
  SendFuzzed(socket,
             EncodeHeader({kSetDeviceStateFd, kVersion, 8}) + U64Payload(0),
             fds);
  SendFuzzed(socket, EncodeHeader({kCheckDeviceState, kVersion, 0}), {});
  return std::move(ends.read_end);
}

// Reads the replies. If there are `checks` and one more to CHECK_DEVICE_STATE,
// the last two tell of the good save.
void CheckReplies(FileDescriptor socket, std::optional<int> checks,
                  const FileDescriptor& saved) {
  Connection connection(std::move(socket));
  std::vector<Message> replies;
  int answered = 0;
  while (true) {
    auto reply = connection.TryReceive();
    if (!reply.ok() || !reply->has_value()) break;
    Promise((*reply)->flags == kReplyFlags, "a reply has the flags of a reply");
    answered += static_cast<int>((*reply)->request == kCheckDeviceState);
    replies.push_back(**std::move(reply));
  }
  if (!checks.has_value() || answered != *checks + 1) return;
  Promise(replies.size() >= 2, "SET is answered before CHECK");
  const Message& set = replies[replies.size() - 2];
  Promise(set.request == kSetDeviceStateFd &&
              ReadU64(set.payload, 0) == kSetStateNoFd &&
              ReadU64(replies.back().payload, 0) == 0,
          "a good save is accepted whatever came before");
  char bytes[kFuzzedState.size() + 1];
  const ssize_t got = ::read(saved.get(), bytes, sizeof(bytes));
  Promise(got >= 0 && absl::string_view(bytes, static_cast<size_t>(got)) ==
                          kFuzzedState,
          "a good save has the whole state");
}

void RunBackend(Input& input) {
  Sockets sockets = Connect();
  FakeDevice device;
  device.state = std::string(kFuzzedState);
  BackendEndpointOptions options;
  options.connection = std::move(sockets.theirs);
  options.message_timeout = absl::Milliseconds(20);
  options.transfer.limits.idle = absl::Milliseconds(1);
  options.transfer.limits.max_bytes = 64 << 10;
  auto endpoint = BackendEndpoint::Create(&device, std::move(options));
  Promise(endpoint.ok(), "there is an endpoint", endpoint.status().ToString());
  std::vector<FileDescriptor> kept;
  const std::optional<int> checks =
      SendMessages(input, kMaxMessages, sockets.ours, &kept).checks;
  const FileDescriptor saved = SendGoodSave(sockets.ours);
  ::shutdown(sockets.ours.get(), SHUT_WR);
  (void)(*endpoint)->Serve();
  endpoint->reset();
  CheckReplies(std::move(sockets.ours), checks, saved);
  Promise(device.breaches == 0, "each load ends with one commit or discard");
}

void RunFrontend(Input& input) {
  Sockets sockets = Connect();
  std::vector<FileDescriptor> kept;
  SendMessages(input, kMaxMessages, sockets.theirs, &kept);
  ::shutdown(sockets.theirs.get(), SHUT_WR);
  FrontendEndpointOptions options;
  options.reply_timeout = options.check_timeout = absl::Milliseconds(20);
  options.limits.idle = absl::Milliseconds(1);
  options.limits.max_bytes = 64 << 10;
  auto endpoint =
      FrontendEndpoint::FromSocket(std::move(sockets.ours), options);
  Promise(endpoint.ok(), "there is an endpoint", endpoint.status().ToString());
  if (!(*endpoint)->Negotiate().ok()) return;
  for (int i = 0; i < 2; ++i) {
    StringSink sink;
    const auto saved = (*endpoint)->SaveState(ChannelKind::kPipe, sink);
    if (saved.ok() && saved->ok()) {
      Promise(saved->bytes == sink.bytes.size(), "a save tells its size");
    }
    StringSource source{std::string(kFuzzedState)};
    const auto loaded = (*endpoint)->LoadState(ChannelKind::kPipe, source);
    if (loaded.ok() && loaded->ok()) {
      Promise(loaded->check_reply == 0, "a load is good if CHECK says so");
    }
  }
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  const int open = CountOpenFds();
  if (input.Byte() % 2 == 0) {
    RunBackend(input);
  } else {
    RunFrontend(input);
  }
  Promise(CountOpenFds() == open, "no descriptor is kept");
}

}  // namespace
}  // namespace devstate::vhost_user

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::vhost_user::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
