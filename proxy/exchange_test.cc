// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Exchanges between two back-ends of this process. The front-end is a raw one,
// whose rings lie in a memfd and stand still: what a guest would see is whether
// it is kicked and called, and what its used index has to say.

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/control_socket.h"
#include "devstate/proxy/served_proxy.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vhost_user::U64Payload;

constexpr uint64_t kMemory = 1 << 16;
constexpr uint64_t kUserAddress = uint64_t{1} << 40;
constexpr uint64_t kUsedRing = 0x1000;
constexpr uint32_t kBase = 5;

// A device and its endpoint, which record the requests that come.
class ServedBackend {
 public:
  explicit ServedBackend(std::string state,
                         vhost_user::VhostUserDeviceOptions options = {}) {
    device.state = std::move(state);
    vhost_user::BackendEndpointOptions served;
    served.socket_path = path();
    served.device = std::move(options);
    served.on_request = [this](uint32_t request) {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(vhost_user::RequestName(request));
    };
    auto endpoint =
        vhost_user::BackendEndpoint::Create(&device, std::move(served));
    EXPECT_THAT(endpoint, IsOk());
    endpoint_ = *std::move(endpoint);
    thread_ = std::thread([this] { EXPECT_THAT(endpoint_->Serve(), IsOk()); });
  }
  ~ServedBackend() {
    endpoint_->Stop();
    thread_.join();
  }

  std::string path() const { return folder_.path() + "/back.sock"; }
  // Takes the requests since the last call.
  std::vector<std::string> TakeRequests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(requests_, {});
  }
  // Waits until a request has come, and leaves it.
  void AwaitRequest(const std::string& name) {
    while (true) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const std::string& request : requests_) {
          if (request == name) return;
        }
      }
      std::this_thread::yield();
    }
  }

  FakeDevice device;

 private:
  const TempFolder folder_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::unique_ptr<vhost_user::BackendEndpoint> endpoint_;
  std::thread thread_;
};

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest()
      : old_(Pattern(1000)),
        new_(""),
        memory_(::memfd_create("guest", MFD_CLOEXEC)),
        kick_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        call_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    EXPECT_EQ(::ftruncate(memory_.get(), kMemory), 0);
    SetUsedIndex(kBase);
    ProxyOptions options;
    options.backend.socket = old_.path();
    proxy_ = std::make_unique<ServedProxy>(std::move(options));
    EXPECT_TRUE(proxy_->runs());
    front_ = std::make_unique<RawPeer>(proxy_->Connect());
  }

  void SetUsedIndex(uint16_t index) {
    ASSERT_EQ(::pwrite(memory_.get(), &index, sizeof(index), kUsedRing + 2),
              static_cast<ssize_t>(sizeof(index)));
  }

  void Send(uint32_t request, std::string payload, int fd = -1) {
    std::vector<FileDescriptor> fds;
    if (fd >= 0) fds.emplace_back(::dup(fd));
    ASSERT_TRUE(front_->Send(request, std::move(payload), std::move(fds)));
  }

  // All that QEMU sets up, for one ring.
  void StartGuest() {
    front_->Negotiate();
    Send(vhost_user::kSetFeatures,
         U64Payload(vhost_user::kVirtioFVersion1 |
                    vhost_user::kVhostUserFProtocolFeatures));
    Send(vhost_user::kAddMemReg,
         U64Payload(0) + U64Payload(0) + U64Payload(kMemory) +
             U64Payload(kUserAddress) + U64Payload(0),
         memory_.get());
    Send(vhost_user::kSetVringNum, TwoU32(0, 128));
    Send(vhost_user::kSetVringBase, TwoU32(0, kBase));
    Send(vhost_user::kSetVringAddr, TwoU32(0, 0) + U64Payload(kUserAddress) +
                                        U64Payload(kUserAddress + kUsedRing) +
                                        U64Payload(kUserAddress) +
                                        U64Payload(0));
    Send(vhost_user::kSetVringKick, U64Payload(0), kick_.get());
    Send(vhost_user::kSetVringCall, U64Payload(0), call_.get());
    Send(vhost_user::kSetVringEnable, TwoU32(0, 1));
    EXPECT_TRUE(Answers());
    old_.TakeRequests();
  }

  // Returns whether somebody answers the front-end.
  bool Answers() {
    return front_->Call(vhost_user::kGetQueueNum) != UINT64_MAX;
  }

  ExchangeRequest ToNew() const {
    ExchangeRequest request;
    request.set_socket(new_.path());
    return request;
  }

  FileDescriptor Ask(const ExchangeRequest& request) {
    const Deadline deadline = Deadline::After(kPatience);
    auto socket = ConnectUnix(proxy_->control_path(), deadline);
    EXPECT_THAT(socket, IsOk());
    EXPECT_THAT(SendControl(socket->get(), request, deadline), IsOk());
    return *std::move(socket);
  }
  ExchangeReport Report(const FileDescriptor& asked) {
    ExchangeReport report;
    EXPECT_THAT(
        ReceiveControl(asked.get(), Deadline::After(kPatience), &report),
        IsOk());
    return report;
  }
  ExchangeReport Upgrade(const ExchangeRequest& request) {
    return Report(Ask(request));
  }

  // Returns how often an event was signalled since the last call.
  static uint64_t Count(const FileDescriptor& event) {
    uint64_t count = 0;
    return ::read(event.get(), &count, sizeof(count)) == sizeof(count) ? count
                                                                       : 0;
  }

  // Expects that the old back-end serves as if nothing had been.
  void ExpectOldServes(const ExchangeReport& report) {
    EXPECT_FALSE(report.exchanged());
    EXPECT_TRUE(report.old_serves());
    old_.TakeRequests();
    EXPECT_TRUE(Answers());
    EXPECT_THAT(old_.TakeRequests(), ElementsAre("GET_QUEUE_NUM"));
    EXPECT_EQ(old_.device.state, Pattern(1000));
  }

  ServedBackend old_;
  ServedBackend new_;
  const FileDescriptor memory_;
  const FileDescriptor kick_;
  const FileDescriptor call_;
  std::unique_ptr<ServedProxy> proxy_;
  std::unique_ptr<RawPeer> front_;
};

const char* const kStop[] = {"SET_FEATURES", "SET_VRING_ENABLE",
                             "GET_VRING_BASE", "SET_DEVICE_STATE_FD",
                             "CHECK_DEVICE_STATE"};

TEST_F(ExchangeTest, TheStateAndTheRingsMoveToTheNewBackEnd) {
  StartGuest();
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_FALSE(report.old_serves());
  EXPECT_EQ(report.state_bytes(), 1000u);
  EXPECT_GT(report.stopped_milliseconds(), 0);
  EXPECT_EQ(new_.device.state, Pattern(1000));
  // Announced, disabled before it was stopped, and saved last.
  EXPECT_THAT(old_.TakeRequests(), ::testing::ElementsAreArray(kStop));
  EXPECT_THAT(
      new_.TakeRequests(),
      ElementsAre("GET_FEATURES", "GET_PROTOCOL_FEATURES",
                  "SET_PROTOCOL_FEATURES", "GET_QUEUE_NUM", "GET_MAX_MEM_SLOTS",
                  "SET_OWNER", "SET_FEATURES", "ADD_MEM_REG",
                  "SET_DEVICE_STATE_FD", "CHECK_DEVICE_STATE", "SET_VRING_NUM",
                  "SET_VRING_BASE", "SET_VRING_ADDR", "SET_VRING_CALL",
                  "SET_VRING_KICK", "SET_VRING_ENABLE"));
  EXPECT_EQ(Count(kick_), 1u);
  EXPECT_EQ(Count(call_), 1u);
  EXPECT_TRUE(Answers());
  EXPECT_THAT(new_.TakeRequests(), ElementsAre("GET_QUEUE_NUM"));
}

TEST_F(ExchangeTest, AStateThatDoesNotConvertMovesAsItIs) {
  for (const char* name : {"one-flow.state", "version-1.state"}) {
    SCOPED_TRACE(name);
    std::ifstream file(absl::StrCat("foreign/states/passt/testdata/", name),
                       std::ios::binary);
    std::string state{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(state.empty());
    // Cut, it only looks like one of the format. The new one may know better.
    for (const size_t size : {state.size(), state.size() - 1}) {
      ServedBackend from(state.substr(0, size));
      ServedBackend to("");
      ProxyOptions options;
      options.backend.socket = from.path();
      proxy_ = std::make_unique<ServedProxy>(std::move(options));
      front_ = std::make_unique<RawPeer>(proxy_->Connect());
      front_->Negotiate();
      EXPECT_TRUE(Answers());
      ExchangeRequest request;
      request.set_socket(to.path());
      const ExchangeReport report = Upgrade(request);
      EXPECT_TRUE(report.exchanged()) << report.refusal();
      EXPECT_EQ(to.device.state, from.device.state);
      front_.reset();
      proxy_.reset();
    }
  }
}

TEST_F(ExchangeTest, ItCanBeDoneAgainAndAgain) {
  StartGuest();
  int fds = 0;
  for (int i = 0; i < 20; ++i) {
    ExchangeRequest request;
    request.set_socket(i % 2 == 0 ? new_.path() : old_.path());
    const ExchangeReport report = Upgrade(request);
    EXPECT_TRUE(report.exchanged()) << report.refusal();
    EXPECT_TRUE(Answers());
    if (i == 1) fds = CountOpenFds();
  }
  // The other ends close theirs a moment later.
  EXPECT_LE(CountOpenFds(), fds + 4);
  EXPECT_EQ(old_.device.state, Pattern(1000));
}

TEST_F(ExchangeTest, RequestsThatAreBeingWorkedOnAreWaitedFor) {
  StartGuest();
  SetUsedIndex(kBase - 2);
  const FileDescriptor asked = Ask(ToNew());
  old_.AwaitRequest("GET_VRING_BASE");
  EXPECT_EQ(old_.device.saves, 0);
  EXPECT_EQ(new_.device.loads, 0);
  SetUsedIndex(kBase);
  EXPECT_TRUE(Report(asked).exchanged());
}

TEST_F(ExchangeTest, AStateThatTheNewOneRefusesLeavesTheOldOneServing) {
  StartGuest();
  new_.device.commit_result = absl::InternalError("refused on purpose");
  ExchangeReport report = Upgrade(ToNew());
  EXPECT_THAT(report.refusal(),
              HasSubstr("load: the new back-end answered CHECK_DEVICE_STATE"));
  std::vector<std::string> resumed(std::begin(kStop), std::end(kStop));
  for (const char* request :
       {"SET_FEATURES", "SET_VRING_NUM", "SET_VRING_BASE", "SET_VRING_ADDR",
        "SET_VRING_CALL", "SET_VRING_KICK", "SET_VRING_ENABLE"}) {
    resumed.push_back(request);
  }
  EXPECT_THAT(old_.TakeRequests(), ::testing::ElementsAreArray(resumed));
  EXPECT_EQ(Count(kick_), 1u);
  EXPECT_EQ(Count(call_), 1u);
  ExpectOldServes(report);
  // Nothing of it remains.
  new_.device.commit_result = absl::OkStatus();
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
}

TEST_F(ExchangeTest, ARefusedStateIsTriedAgain) {
  StartGuest();
  new_.device.commit_result = absl::InternalError("refused on purpose");
  ExchangeRequest request = ToNew();
  request.set_retries(1);
  const ExchangeReport report = Upgrade(request);
  EXPECT_EQ(report.retried(), 1u);
  EXPECT_EQ(new_.device.loads, 2);
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, ASaveThatFailsLeavesTheOldOneServing) {
  StartGuest();
  old_.device.save_result = absl::InternalError("refused on purpose");
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_THAT(report.refusal(), HasSubstr("save: the old back-end answered"));
  EXPECT_EQ(new_.device.loads, 0);
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, ADryRunLeavesTheOldOneServing) {
  StartGuest();
  ExchangeRequest request = ToNew();
  request.set_dry_run(true);
  ExchangeReport report = Upgrade(request);
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_TRUE(report.old_serves());
  EXPECT_EQ(new_.device.commits, 1);
  report.set_exchanged(false);
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, ANewOneThatOffersTooLittleIsRefusedBeforeAnythingStops) {
  vhost_user::VhostUserDeviceOptions options;
  options.protocol_features = vhost_user::kProtocolFReplyAck;
  ServedBackend poor("", std::move(options));
  StartGuest();
  ExchangeRequest request;
  request.set_socket(poor.path());
  const ExchangeReport report = Upgrade(request);
  EXPECT_THAT(report.refusal(), HasSubstr("negotiate: the front-end uses"));
  EXPECT_EQ(report.stopped_milliseconds(), 0);
  EXPECT_THAT(old_.TakeRequests(), IsEmpty());
  EXPECT_EQ(Count(call_), 0u);
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, ANewOneThatDoesNotStartIsRefusedBeforeAnythingStops) {
  StartGuest();
  ExchangeRequest request;
  request.set_command("false {socket}");
  const ExchangeReport report = Upgrade(request);
  EXPECT_THAT(report.refusal(), HasSubstr("start: the back-end exited"));
  EXPECT_THAT(old_.TakeRequests(), IsEmpty());
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, ANewOneThatClosesLeavesTheOldOneServing) {
  StartGuest();
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/closing.sock");
  ASSERT_THAT(listener, IsOk());
  ExchangeRequest request;
  request.set_socket(folder.path() + "/closing.sock");
  const FileDescriptor asked = Ask(request);
  pollfd entry = {listener->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  ASSERT_THAT(listener->Accept(), IsOk());  // and closed again
  const ExchangeReport report = Report(asked);
  EXPECT_THAT(report.refusal(), HasSubstr("negotiate: GET_FEATURES"));
  EXPECT_THAT(old_.TakeRequests(), IsEmpty());
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, TheMiddleOfASequenceIsWaitedOut) {
  StartGuest();
  Send(vhost_user::kSetVringEnable, TwoU32(0, 0));
  EXPECT_TRUE(Answers());
  const FileDescriptor asked = Ask(ToNew());
  Send(vhost_user::kSetVringEnable, TwoU32(0, 1));
  EXPECT_TRUE(Report(asked).exchanged());
}

TEST_F(ExchangeTest, ARingThatTheDriverLeavesOutMovesDisabled) {
  StartGuest();
  Send(vhost_user::kSetVringNum, TwoU32(1, 128));
  Send(vhost_user::kSetVringBase, TwoU32(1, kBase));
  Send(vhost_user::kSetVringAddr, TwoU32(1, 0) + U64Payload(kUserAddress) +
                                      U64Payload(kUserAddress + kUsedRing) +
                                      U64Payload(kUserAddress) + U64Payload(0));
  Send(vhost_user::kSetVringEnable, TwoU32(1, 0));
  Send(vhost_user::kSetVringKick, U64Payload(1), kick_.get());
  EXPECT_TRUE(Answers());
  old_.TakeRequests();
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_THAT(old_.TakeRequests(),
              ElementsAre("SET_FEATURES", "SET_VRING_ENABLE", "GET_VRING_BASE",
                          "GET_VRING_BASE", "SET_DEVICE_STATE_FD",
                          "CHECK_DEVICE_STATE"));
  EXPECT_EQ(new_.device.state, Pattern(1000));
  EXPECT_TRUE(Answers());
}

TEST_F(ExchangeTest, ADeviceWithoutStartedRingsMovesWithoutAStop) {
  front_->Negotiate();
  EXPECT_TRUE(Answers());
  old_.TakeRequests();
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_EQ(report.stopped_milliseconds(), 0);
  EXPECT_THAT(old_.TakeRequests(),
              ElementsAre("SET_DEVICE_STATE_FD", "CHECK_DEVICE_STATE"));
  EXPECT_EQ(new_.device.state, Pattern(1000));
}

TEST_F(ExchangeTest, WithoutAFrontEndTheNextOneGetsTheNewBackEnd) {
  front_->Negotiate();
  EXPECT_TRUE(Answers());
  front_.reset();
  while (!absl::StrContains(proxy_->log(), "connection over")) {
    std::this_thread::yield();
  }
  ExchangeRequest request;
  request.set_command("false {socket}");
  EXPECT_FALSE(Upgrade(request).exchanged());
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
  new_.TakeRequests();
  front_ = std::make_unique<RawPeer>(proxy_->Connect());
  EXPECT_TRUE(Answers());
  EXPECT_THAT(new_.TakeRequests(), ElementsAre("GET_QUEUE_NUM"));
}

TEST_F(ExchangeTest, WithoutStateOnlyTheRingsMove) {
  StartGuest();
  ExchangeRequest request = ToNew();
  request.set_without_state(true);
  const ExchangeReport report = Upgrade(request);
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_THAT(old_.TakeRequests(),
              ElementsAre("SET_VRING_ENABLE", "GET_VRING_BASE"));
  EXPECT_EQ(new_.device.loads, 0);
  EXPECT_EQ(new_.device.state, "");
}

TEST_F(ExchangeTest, AStateIsSavedAfterAnExchangeByTheNewOne) {
  StartGuest();
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
  new_.device.state = "of the new one";
  front_->Call(vhost_user::kGetVringBase, TwoU32(0, 0));
  ChannelEnds ends = devstate::testing::MakeChannel();
  EXPECT_EQ(front_->SetDeviceState(0, 0, std::move(ends.write_end)),
            vhost_user::kSetStateNoFd);
  EXPECT_EQ(devstate::testing::ReadAll(ends.read_end.get()), "of the new one");
  EXPECT_EQ(front_->Call(vhost_user::kCheckDeviceState), 0u);
}

TEST_F(ExchangeTest, AnotherSharedDirectoryIsRefused) {
  const TempFolder one;
  const TempFolder other;
  BackendSpec a;
  a.command = absl::StrCat("virtiofsd --fd {fd} --shared-dir ", one.path());
  BackendSpec b;
  b.command = absl::StrCat("virtiofsd --shared-dir='", other.path(), "' {fd}");
  EXPECT_THAT(
      CheckSameDirectory(a, b),
      ::devstate::testing::StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("is another directory")));
  b.command = absl::StrCat("virtiofsd --shared-dir=", one.path(), "/. {fd}");
  EXPECT_THAT(CheckSameDirectory(a, b), IsOk());
}

}  // namespace
}  // namespace devstate::proxy
