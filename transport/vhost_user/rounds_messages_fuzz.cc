// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A front-end does with rounds what it likes: each byte is one of its steps.
// Every request is answered once and in order, the device is called in the
// order of its contract, only a whole state is put into force, no descriptor is
// kept, and whatever came before, a good save goes through.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/fuzzed_messages.h"
#include "devstate/transport/vhost_user/payloads.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "devstate/transport/vhost_user/words_device.h"
#include "fuzz/promise.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::testing::Fds;
using ::devstate::testing::MakeChannel;
using ::devstate::testing::RawPeer;
using ::devstate::testing::ReadAll;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::SomeFds;
using ::devstate::testing::TwoU32;
using ::devstate::testing::WordsDevice;
using ::devstate::testing::WriteAll;

// Each step may wait for a deadline of the back-end.
constexpr int kMaxSteps = 40;

// The front-end's end of a load, and what it wrote there.
struct LoadChannel {
  FileDescriptor fd;
  std::string text;
};

// A request that is not answered yet.
struct Owed {
  uint32_t request = 0;
  std::shared_ptr<LoadChannel> load;  // of a SET_DEVICE_STATE_FD that loads
};

class FuzzedFrontend {
 public:
  FuzzedFrontend(FileDescriptor socket, std::vector<std::string> words)
      : peer_(std::move(socket)), words_(std::move(words)) {
    peer_.Negotiate();
  }

  // Takes one step of the input.
  void Step(Input& input) {
    const uint8_t step = input.Byte();
    Do(step % 14, input);
    if ((step & 0x80) == 0) HearAll();
  }

  // Saves the state as a front-end that keeps the rules.
  void GoodSave() {
    HearAll();
    StopRing();
    SetSave(kTransferPhaseStopped);
    HearAll();
    const FileDescriptor channel = std::move(saves_.back());
    Ask(kCheckDeviceState, "", {});
    HearAll();
    Promise(accepted_ && passed_,
            "a good save is accepted whatever came before");
    Promise(ReadAll(channel.get()) == WordsDevice::TextOf(words_),
            "a good save has the whole state");
  }

  // Returns what the device has to hold by now.
  const std::vector<std::string>& words() const { return words_; }

 private:
  void Do(int step, Input& input) {
    switch (step) {
      case 0:
        return SetSave(kTransferPhaseRounds);
      case 1:
        return SetLoad(kTransferPhaseRounds);
      case 2:
        return SetSave(kTransferPhaseStopped);
      case 3:
        return SetLoad(kTransferPhaseStopped);
      case 4:
        return Ask(kDeviceStateRound, TwoU32(++round_, 0), {});
      case 5:
        return Ask(kDeviceStateRound, TwoU32(++round_, 1), {});
      case 6: {
        const uint32_t round = input.Byte();
        return Ask(kDeviceStateRound, TwoU32(round, input.Byte() % 3), {});
      }
      case 7:
        return Ask(kCheckDeviceState, "", {});
      case 8:
        peer_.Send(kSetVringKick, U64Payload(kVringNoFd));
        running_ = true;
        return;
      case 9:
        return StopRing();
      case 10:
        return Write("c \n");
      case 11:
        return Write(".");
      case 12:
        if (load_ != nullptr) load_->fd = FileDescriptor();
        if (!saves_.empty()) saves_.pop_back();
        return;
      default:
        return Malformed(input);
    }
  }

  void SetSave(uint32_t phase) {
    auto ends = MakeChannel(ChannelKind::kSocketPair);
    saves_.push_back(std::move(ends.read_end));
    round_ = 0;
    Ask(kSetDeviceStateFd, TwoU32(0, phase), Fds(std::move(ends.write_end)));
  }
  void SetLoad(uint32_t phase) {
    auto ends = MakeChannel(ChannelKind::kSocketPair);
    load_ = std::make_shared<LoadChannel>();
    load_->fd = std::move(ends.write_end);
    round_ = 0;
    Ask(kSetDeviceStateFd, TwoU32(1, phase), Fds(std::move(ends.read_end)),
        load_);
  }
  void Write(absl::string_view text) {
    if (load_ == nullptr || !load_->fd.valid()) return;
    if (WriteAll(load_->fd.get(), text)) {
      load_->text.append(text.data(), text.size());
    }
  }
  void StopRing() {
    if (!running_) return;
    running_ = false;
    Ask(kGetVringBase, TwoU32(0, 0), {});
  }
  // A request of another size, or with other descriptors.
  void Malformed(Input& input) {
    const uint8_t kind = input.Byte();
    const std::string payload(input.Bytes(input.Byte() % 32));
    const uint32_t request =
        kind % 2 == 0 ? kDeviceStateRound : kSetDeviceStateFd;
    const int fds = (kind >> 1) % 4;
    // Without descriptors that may be a good ROUND.
    Ask(request, payload, SomeFds(fds));
  }

  void Ask(uint32_t request, std::string payload,
           std::vector<FileDescriptor> fds,
           std::shared_ptr<LoadChannel> load = nullptr) {
    Promise(peer_.Send(request, std::move(payload), std::move(fds)),
            "the back-end listens");
    owed_.push_back({request, std::move(load)});
  }
  void HearAll() {
    for (; !owed_.empty(); owed_.pop_front()) Hear(owed_.front());
  }
  void Hear(const Owed& owed) {
    const Message reply = peer_.Receive();
    Promise(reply.request == owed.request && reply.flags == kReplyFlags,
            "every request is answered, in order");
    Promise(reply.payload.size() ==
                (owed.request == kDeviceStateRound ? kRoundReplySize : 8),
            "an answer has the right size");
    const uint64_t answer = ReadU64(reply.payload, 0);
    if (owed.request == kSetDeviceStateFd) {
      accepted_ = answer == kSetStateNoFd;
      loading_ = accepted_ ? owed.load : nullptr;
    }
    if (owed.request != kCheckDeviceState) return;
    passed_ = answer == 0;
    if (loading_ != nullptr && passed_) {
      const size_t end = loading_->text.find('.');
      Promise(end != std::string::npos, "a state that is committed is whole");
      words_ = absl::StrSplit(loading_->text.substr(0, end),
                              absl::ByAnyChar(" \n"), absl::SkipEmpty());
    }
    loading_ = nullptr;
  }

  RawPeer peer_;
  std::vector<std::string> words_;
  std::deque<Owed> owed_;
  std::vector<FileDescriptor> saves_;
  std::shared_ptr<LoadChannel> load_;     // the newest
  std::shared_ptr<LoadChannel> loading_;  // accepted, and not checked yet
  uint32_t round_ = 0;
  bool running_ = false;
  bool accepted_ = false;
  bool passed_ = false;
};

void Run(Input input) {
  WordsDevice device;
  device.words = {"a", "b"};
  {
    BackendEndpointOptions options;
    options.device.protocol_features |= kProtocolFRounds;
    options.transfer.limits.idle = absl::Milliseconds(2);
    ServedEndpoint served(&device, std::move(options));
    FuzzedFrontend frontend(served.TakeSocket(), device.words);
    for (int i = 0; i < kMaxSteps && !input.empty(); ++i) frontend.Step(input);
    frontend.GoodSave();
    Promise(device.words == frontend.words(),
            "only what was checked changes the device");
  }
  Promise(!device.in_rounds, "rounds end with their connection");
  Promise(device.breaches == 0, "the device is called in order");
}

}  // namespace
}  // namespace devstate::vhost_user

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ::devstate::testing::CountOpenFds;
  const int open = CountOpenFds();
  devstate::vhost_user::Run(devstate::vhost_user::Input(
      absl::string_view(reinterpret_cast<const char*>(data), size)));
  devstate::fuzz::Promise(CountOpenFds() == open, "no descriptor is kept");
  return 0;
}
