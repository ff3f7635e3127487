// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Control messages with descriptors: the first byte says to which endpoint.
// Neither keeps a descriptor. The back-end keeps the rules of its device and
// answers in the right form; if it still listens after all that, a good save
// goes through. Each message of the input is
//
//   descriptors: how many (3 bits), "raw" (1 bit), of what kind (4 bits)
//   if raw       12 bytes, the header as it is
//   otherwise    request, flags, and the header follows from them
//   size         of the payload, and the payload

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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
using ::devstate::testing::SendWithoutWait;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

constexpr absl::string_view kState("a small state");
// More would not fit the socket's buffer, which nobody empties meanwhile.
constexpr size_t kMaxMessages = 40;

// Takes numbers and bytes from the front of an input.
class Input {
 public:
  explicit Input(absl::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    const absl::string_view byte = Bytes(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  absl::string_view Bytes(size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  absl::string_view rest_;
};

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

bool WriteState(const FileDescriptor& fd) {
  return ::write(fd.get(), kState.data(), kState.size()) ==
         static_cast<ssize_t>(kState.size());
}

FileDescriptor FilledPipe() {
  auto ends = MakeChannel();
  Promise(WriteState(ends.write_end), "a pipe takes a few bytes");
  return std::move(ends.read_end);
}

// Returns a descriptor of some kind. What must outlive it is added to `kept`.
FileDescriptor MakeFd(uint8_t kind, const FileDescriptor& control,
                      std::vector<FileDescriptor>* kept) {
  switch (kind % 9) {
    case 0:
      return FilledPipe();
    case 1:
    case 2: {
      auto ends = MakeChannel();
      const bool write = kind % 9 == 1;
      kept->push_back(std::move(write ? ends.read_end : ends.write_end));
      return std::move(write ? ends.write_end : ends.read_end);
    }
    case 3:
      return MakeChannel().write_end;
    case 4:
      return FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC));
    case 5:
      return FileDescriptor(::open("/dev/full", O_RDWR | O_CLOEXEC));
    case 6:
      return FileDescriptor(::open("/", O_RDONLY | O_CLOEXEC));
    case 7: {
      FileDescriptor memory(::memfd_create("fuzz", MFD_CLOEXEC));
      Promise(WriteState(memory), "a memfd takes a few bytes");
      ::lseek(memory.get(), 0, SEEK_SET);
      return memory;
    }
    default:
      return FileDescriptor(::fcntl(control.get(), F_DUPFD_CLOEXEC, 0));
  }
}

// Sends without waiting. Returns false if the peer is gone or has no room.
bool Send(const FileDescriptor& socket, const std::string& bytes,
          const std::vector<FileDescriptor>& fds) {
  std::vector<int> numbers;
  for (const FileDescriptor& fd : fds) numbers.push_back(fd.get());
  return SendWithoutWait(socket.get(), bytes, numbers) ==
         static_cast<ssize_t>(bytes.size());
}

// Sends all messages of the input. Returns how many of them are
// CHECK_DEVICE_STATE, unless the framing may be wrong.
std::optional<int> SendAll(Input& input, const FileDescriptor& socket,
                           std::vector<FileDescriptor>* kept) {
  bool framed = true;
  int checks = 0;
  for (size_t i = 0; i < kMaxMessages && !input.empty(); ++i) {
    const uint8_t attached = input.Byte();
    std::string header;
    if ((attached & 8) != 0) {
      framed = false;
      header = std::string(input.Bytes(kHeaderSize));
    } else {
      const uint32_t request = input.Byte();
      header = EncodeHeader({request, input.Byte(), 0});
    }
    const std::string payload(input.Bytes(input.Byte()));
    if ((attached & 8) == 0) {
      const MessageHeader right = DecodeHeader(header);
      header = EncodeHeader(
          {right.request, right.flags, static_cast<uint32_t>(payload.size())});
      checks += static_cast<int>(right.request == kCheckDeviceState);
    }
    std::vector<FileDescriptor> fds;
    for (int fd = 0; fd < (attached & 7); ++fd) {
      fds.push_back(MakeFd(attached >> 4, socket, kept));
    }
    const std::string message = header + payload;
    if (message.empty() || !Send(socket, message, fds)) return std::nullopt;
  }
  return framed ? std::optional<int>(checks) : std::nullopt;
}

// The requests of a save by a front-end that keeps the rules.
FileDescriptor SendGoodSave(const FileDescriptor& socket) {
  auto ends = MakeChannel();
  std::vector<FileDescriptor> fds;
  fds.push_back(std::move(ends.write_end));
  const std::string features =
      EncodeHeader({kSetProtocolFeatures, kVersion, 8}) +
      U64Payload(kDefaultProtocolFeatures);
  Send(socket, features, {});
  Send(socket, EncodeHeader({kResetDevice, kVersion, 0}), {});
  Send(socket, features, {});
  Send(socket, EncodeHeader({kSetDeviceStateFd, kVersion, 8}) + U64Payload(0),
       fds);
  Send(socket, EncodeHeader({kCheckDeviceState, kVersion, 0}), {});
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
  char bytes[kState.size() + 1];
  const ssize_t got = ::read(saved.get(), bytes, sizeof(bytes));
  Promise(
      got >= 0 && absl::string_view(bytes, static_cast<size_t>(got)) == kState,
      "a good save has the whole state");
}

void RunBackend(Input& input) {
  Sockets sockets = Connect();
  FakeDevice device;
  device.state = std::string(kState);
  BackendEndpointOptions options;
  options.connection = std::move(sockets.theirs);
  options.message_timeout = absl::Milliseconds(20);
  options.transfer.limits.idle = absl::Milliseconds(1);
  options.transfer.limits.max_bytes = 64 << 10;
  auto endpoint = BackendEndpoint::Create(&device, std::move(options));
  Promise(endpoint.ok(), "there is an endpoint", endpoint.status().ToString());
  std::vector<FileDescriptor> kept;
  const std::optional<int> checks = SendAll(input, sockets.ours, &kept);
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
  SendAll(input, sockets.theirs, &kept);
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
    StringSource source{std::string(kState)};
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
