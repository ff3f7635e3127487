// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A proxy between a hostile front-end and a hostile back-end. The first byte
// says whether states are translated (bit 0) and how many messages of the
// front-end come first (bits 1 to 7). The rest are messages of the back-end.
// transport/vhost_user/fuzzed_messages.h has their layout.
//
// Where nothing is translated, what arrives is the beginning of what was sent,
// but for the proxy's own question after a SET_VRING_ENABLE and its answer. No
// descriptor is kept, and the next front-end is served.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "devstate/proxy/proxy.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/vhost_user/fuzzed_messages.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "fuzz/promise.h"

namespace devstate::proxy {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::CountOpenFds;
using ::devstate::testing::RawPeer;
using vhost_user::Input;
using vhost_user::SendMessages;

// Longer than anything takes, but for a peer that does not answer.
constexpr absl::Duration kTimeout = absl::Milliseconds(5);
constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr size_t kMaxMessages = 40;

// A proxy on a thread of its own, and the listener of its back-end.
class Served {
 public:
  explicit Served(StateForm form) {
    auto back = UnixListener::Listen(folder_.path() + "/back");
    auto front = UnixListener::Listen(folder_.path() + "/front");
    Promise(back.ok() && front.ok(), "there are listeners");
    back_.emplace(*std::move(back));
    ProxyOptions options;
    options.backend.socket = folder_.path() + "/back";
    options.translation.form = form;
    options.translation.rules.allow_raw = true;
    options.reply_timeout = options.transfer_timeout = options.message_timeout =
        kTimeout;
    auto proxy = Proxy::Create(*std::move(front), std::move(options));
    Promise(proxy.ok(), "there is a proxy");
    proxy_ = *std::move(proxy);
    thread_ = std::thread(
        [this] { Promise(proxy_->Serve().ok(), "the proxy serves"); });
  }
  ~Served() {
    proxy_->Stop();
    thread_.join();
  }

  // The ends of a front-end and of the back-end that the proxy connects to.
  void Connect(FileDescriptor* front, FileDescriptor* back) {
    const Deadline deadline = Deadline::After(kPatience);
    auto connected = ConnectUnix(folder_.path() + "/front", deadline);
    Promise(connected.ok(), "a front-end connects");
    *front = *std::move(connected);
    while (!back->valid() && !deadline.Expired()) {
      auto accepted = back_->Accept();
      Promise(accepted.ok(), "a back-end accepts");
      *back = *std::move(accepted);
      if (!back->valid()) std::this_thread::yield();
    }
    Promise(back->valid(), "a new front-end gets a back-end");
  }

 private:
  const ::devstate::testing::TempFolder folder_;
  std::optional<UnixListener> back_;
  std::unique_ptr<Proxy> proxy_;
  std::thread thread_;
};

Served& TheProxy(bool translates) {
  static Served raw(StateForm::kRaw);
  static Served portable(StateForm::kPortable);
  return translates ? portable : raw;
}

// Returns all that comes until the peer closes, or is gone with unread bytes.
std::string ReadToEnd(const FileDescriptor& socket) {
  std::string bytes;
  char buffer[4096];
  while (true) {
    pollfd entry = {socket.get(), POLLIN, 0};
    Promise(::poll(&entry, 1, 20000) == 1, "the proxy closes in the end");
    const ssize_t got = ::read(socket.get(), buffer, sizeof(buffer));
    if (got <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
  }
}

// Returns the first message of what was passed on, or all if it is cut.
absl::string_view FirstMessage(absl::string_view bytes) {
  if (bytes.size() < vhost_user::kHeaderSize) return bytes;
  return bytes.substr(
      0, vhost_user::kHeaderSize + vhost_user::DecodeHeader(bytes).size);
}

uint32_t RequestOf(absl::string_view message) {
  return message.size() < vhost_user::kHeaderSize
             ? 0
             : vhost_user::DecodeHeader(message).request;
}

// Returns what a back-end sent without its offer of rounds, which no proxy
// passes on.
std::string WithoutRounds(std::string sent) {
  for (size_t at = 0; sent.size() - at > vhost_user::kHeaderSize;) {
    const absl::string_view message =
        FirstMessage(absl::string_view(sent).substr(at));
    const size_t payload = at + vhost_user::kHeaderSize;
    const size_t end = at + message.size();
    if (RequestOf(message) == vhost_user::kGetProtocolFeatures &&
        end == payload + 8) {
      sent.replace(payload, 8,
                   vhost_user::U64Payload(vhost_user::ReadU64(sent, payload) &
                                          ~vhost_user::kProtocolFRounds));
    }
    at = end;
  }
  return sent;
}

// Returns how many questions the proxy may have asked, if a back-end got the
// beginning of what the front-end sent but for those. Each looks as one of the
// front-end's.
std::optional<size_t> MostQuestions(absl::string_view sent,
                                    absl::string_view got) {
  size_t most = 0;
  size_t seen = 0;
  while (!got.empty()) {
    const absl::string_view message = FirstMessage(got);
    got.remove_prefix(message.size());
    if (RequestOf(message) == vhost_user::kSetVringEnable) ++most;
    if (absl::ConsumePrefix(&sent, message)) continue;
    if (RequestOf(message) != vhost_user::kGetFeatures || seen == most) {
      return std::nullopt;
    }
    ++seen;
  }
  return most;
}

// Returns whether `got` is the beginning of what a back-end answered, without
// the answers to up to so many questions.
bool IsAnswered(absl::string_view answered, absl::string_view got,
                size_t questions) {
  while (!absl::StartsWith(answered, got)) {
    if (answered.empty()) return false;
    const absl::string_view message = FirstMessage(answered);
    answered.remove_prefix(message.size());
    if (absl::ConsumePrefix(&got, message)) continue;
    if (RequestOf(message) != vhost_user::kGetFeatures || questions == 0) {
      return false;
    }
    --questions;
  }
  return true;
}

void ServesTheNext(Served& served) {
  FileDescriptor front;
  FileDescriptor back;
  served.Connect(&front, &back);
  RawPeer answers(std::move(back));
  {
    RawPeer asks(std::move(front));
    Promise(asks.Send(vhost_user::kSetOwner), "a request is sent");
    Promise(answers.Receive().request == vhost_user::kSetOwner,
            "the next front-end is served");
  }
  // The last thing that the proxy closes.
  Promise(answers.Receive().request == 0, "the back-end's connection ends");
}

void Run(absl::string_view bytes) {
  Input input(bytes);
  const uint8_t first = input.Byte();
  const bool translates = (first & 1) != 0;
  Served& served = TheProxy(translates);
  ServesTheNext(served);
  const int open = CountOpenFds();
  {
    FileDescriptor front;
    FileDescriptor back;
    served.Connect(&front, &back);
    std::vector<FileDescriptor> kept;
    const std::string sent =
        SendMessages(input, first >> 1, front, &kept).bytes;
    const std::string answered =
        WithoutRounds(SendMessages(input, kMaxMessages, back, &kept).bytes);
    ::shutdown(front.get(), SHUT_WR);
    ::shutdown(back.get(), SHUT_WR);
    const std::string to_front = ReadToEnd(front);
    const std::string to_back = ReadToEnd(back);
    if (!translates) {
      const std::optional<size_t> questions = MostQuestions(sent, to_back);
      Promise(questions.has_value(),
              "a back-end gets what the front-end has sent");
      Promise(IsAnswered(answered, to_front, *questions),
              "a front-end gets what the back-end has sent");
    }
  }
  Promise(CountOpenFds() == open, "no descriptor is kept");
  ServesTheNext(served);
}

}  // namespace
}  // namespace devstate::proxy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::proxy::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
