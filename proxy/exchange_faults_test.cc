// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Exchanges for a back-end that fails at one request of the replay, in each way
// that there is. The old one must go on as if nothing had been.

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "devstate/proxy/exchange_fixture.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/unix_socket.h"
#include "devstate/transport/io/wake_event.h"
#include "devstate/transport/vhost_user/connection.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using vhost_user::Connection;
using vhost_user::Message;

// The last is none: the answer has the request's payload.
enum class Fault {
  kSilence,
  kEnd,
  kRefusal,
  kOtherAnswer,
  kHalfAnAnswer,
  kEcho
};

constexpr uint64_t kNegotiated = vhost_user::kProtocolFReplyAck |
                                 vhost_user::kProtocolFLogShmfd |
                                 vhost_user::kProtocolFDeviceState;

// Passes messages on to a back-end, until a request comes at which it fails.
class FaultyBackend {
 public:
  FaultyBackend(std::string backend, uint32_t at, Fault fault)
      : backend_(std::move(backend)), at_(at), fault_(fault) {
    auto listener = UnixListener::Listen(path());
    EXPECT_THAT(listener, IsOk());
    listener_ = std::make_unique<UnixListener>(*std::move(listener));
    auto stop = WakeEvent::Create();
    EXPECT_THAT(stop, IsOk());
    stop_ = std::make_unique<WakeEvent>(*std::move(stop));
    thread_ = std::thread([this] { Serve(); });
  }
  ~FaultyBackend() {
    stop_->Signal();
    thread_.join();
  }

  std::string path() const { return folder_.path() + "/faulty.sock"; }
  // Called before the fault.
  std::function<void()> before_fault = [] {};

 private:
  void Serve() {
    pollfd entries[2] = {{listener_->fd(), POLLIN, 0},
                         {stop_->fd(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 1 || entries[1].revents != 0) return;
    auto accepted = listener_->Accept();
    auto connected = ConnectUnix(backend_, Deadline::Never());
    if (!accepted.ok() || !connected.ok()) return;
    Connection front(*std::move(accepted));
    Connection back(*std::move(connected));
    while (true) {
      auto request = Receive(front);
      if (!request.ok()) return;
      const bool echoes = request->request == at_ && fault_ == Fault::kEcho;
      if (request->request == at_ && !echoes) return Fail(*request, front);
      const bool reply_due = IsReplyDue(*request, kNegotiated);
      if (!Send(back, *request)) return;
      request->fds.clear();
      if (!reply_due) continue;
      auto reply = Receive(back);
      if (!reply.ok()) return;
      if (echoes) reply->payload = request->payload;
      if (!Send(front, *reply)) return;
    }
  }

  void Fail(const Message& request, Connection& front) {
    before_fault();
    switch (fault_) {
      case Fault::kSilence:
        break;
      case Fault::kEnd:
      case Fault::kEcho:
        return;
      case Fault::kRefusal:
        Send(front, vhost_user::MakeReply(request.request,
                                          vhost_user::U64Payload(0x101)));
        break;
      case Fault::kOtherAnswer:
        Send(front, vhost_user::MakeReply(vhost_user::kGetStatus,
                                          vhost_user::U64Payload(0)));
        break;
      case Fault::kHalfAnAnswer: {
        const std::string whole = EncodeMessage(
            vhost_user::MakeReply(request.request, vhost_user::U64Payload(0)));
        EXPECT_EQ(::send(front.fd(), whole.data(), 15, MSG_NOSIGNAL), 15);
        break;
      }
    }
    Receive(front).IgnoreError();  // its end
  }

  absl::StatusOr<Message> Receive(Connection& from) {
    return from.Receive(Deadline::Never(), stop_->fd());
  }
  bool Send(Connection& to, const Message& message) {
    return to.Send(message, Deadline::Never(), stop_->fd()).ok();
  }

  const TempFolder folder_;
  const std::string backend_;
  const uint32_t at_;
  const Fault fault_;
  std::unique_ptr<UnixListener> listener_;
  std::unique_ptr<WakeEvent> stop_;
  std::thread thread_;
};

// Long enough for an answer of a busy machine, and the price of each silence.
ExchangeLimits ShortLimits() {
  ExchangeLimits limits;
  limits.start_timeout = absl::Seconds(1);
  limits.reply_timeout = absl::Seconds(1);
  limits.drain_timeout = absl::Seconds(1);
  limits.transfer_timeout = absl::Seconds(1);
  return limits;
}

class ExchangeFaultsTest : public ExchangeTest {
 protected:
  ExchangeFaultsTest() : ExchangeTest(ShortLimits()) {}

  ExchangeReport UpgradeTo(const FaultyBackend& backend) {
    ExchangeRequest request;
    request.set_socket(backend.path());
    return Upgrade(request);
  }
};

struct Place {
  uint32_t request;
  const char* stage;
};

class ExchangeFaultAtTest
    : public ExchangeFaultsTest,
      public ::testing::WithParamInterface<std::tuple<Place, Fault>> {};

TEST_P(ExchangeFaultAtTest, TheOldOneGoesOn) {
  const auto& [place, fault] = GetParam();
  StartGuest();
  ExchangeReport report;
  {
    const FaultyBackend faulty(new_.path(), place.request, fault);
    report = UpgradeTo(faulty);
  }
  EXPECT_THAT(report.refusal(), StartsWith(absl::StrCat(place.stage, ": ")));
  const bool stopped = report.stopped_milliseconds() > 0;
  EXPECT_EQ(Count(kick_), stopped ? 1u : 0u);
  EXPECT_EQ(Count(call_), stopped ? 1u : 0u);
  ExpectOldServes(report);
  // Nothing of it remains.
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
  EXPECT_EQ(new_.device.state, Pattern(1000));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ExchangeFaultAtTest,
    ::testing::Combine(
        ::testing::Values(Place{vhost_user::kGetFeatures, "start"},
                          Place{vhost_user::kGetProtocolFeatures, "negotiate"},
                          Place{vhost_user::kGetMaxMemSlots, "negotiate"},
                          Place{vhost_user::kSetFeatures, "negotiate"},
                          Place{vhost_user::kAddMemReg, "negotiate"},
                          Place{vhost_user::kSetDeviceStateFd, "load"},
                          Place{vhost_user::kCheckDeviceState, "load"},
                          Place{vhost_user::kSetVringAddr, "rings"},
                          Place{vhost_user::kSetVringKick, "rings"},
                          Place{vhost_user::kSetVringEnable, "rings"}),
        ::testing::Values(Fault::kSilence, Fault::kEnd, Fault::kOtherAnswer,
                          Fault::kHalfAnAnswer)));

// The requests whose answer can refuse. That of the others is a number.
INSTANTIATE_TEST_SUITE_P(
    Refusals, ExchangeFaultAtTest,
    ::testing::Combine(
        ::testing::Values(Place{vhost_user::kSetFeatures, "negotiate"},
                          Place{vhost_user::kAddMemReg, "negotiate"},
                          Place{vhost_user::kSetDeviceStateFd, "load"},
                          Place{vhost_user::kCheckDeviceState, "load"},
                          Place{vhost_user::kSetVringAddr, "rings"},
                          Place{vhost_user::kSetVringEnable, "rings"}),
        ::testing::Values(Fault::kRefusal)));

ExchangeLimits LittleTimeForTheOldOne() {
  ExchangeLimits limits;
  limits.reply_timeout = absl::Hours(1);
  limits.drain_timeout = absl::Milliseconds(20);
  return limits;
}

class OverdueOldOneTest : public ExchangeTest {
 protected:
  OverdueOldOneTest() : ExchangeTest(LittleTimeForTheOldOne()) {}
};

TEST_F(OverdueOldOneTest, EachOfItsAnswersHasTheTimeThatItsRequestsHave) {
  StartGuest();
  old_.Hold(true);
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_FALSE(report.old_serves());
  EXPECT_EQ(report.refusal(),
            "announce: SET_FEATURES: no reply within 20ms; then resume: "
            "SET_FEATURES: no reply within 20ms");
}

TEST_F(ExchangeFaultsTest, TheDeviceIsLostIfTheNewOneFailsAfterItHasWorked) {
  StartGuest();
  FaultyBackend faulty(new_.path(), vhost_user::kSetVringEnable,
                       Fault::kRefusal);
  faulty.before_fault = [this] { SetUsedIndex(kBase + 1); };
  const ExchangeReport report = UpgradeTo(faulty);
  EXPECT_FALSE(report.exchanged());
  EXPECT_FALSE(report.old_serves());
  EXPECT_THAT(report.refusal(), HasSubstr("; then resume: ring 0"));
  EXPECT_FALSE(Answers());
  // The next front-end finds the old one, which has the state still.
  front_ = std::make_unique<devstate::testing::RawPeer>(proxy_->Connect());
  EXPECT_TRUE(Answers());
}

TEST_F(ExchangeFaultsTest, TheLogOfDirtyPagesMovesWhateverItIsAnsweredWith) {
  StartGuest();
  front_->Call(
      vhost_user::kSetLogBase,
      vhost_user::U64Payload(kMemory) + vhost_user::U64Payload(0),
      devstate::testing::Fds(FileDescriptor(::dup(memory_.get()))));
  // As virtiofsd does.
  FaultyBackend echoing(new_.path(), vhost_user::kSetLogBase, Fault::kEcho);
  const ExchangeReport report = UpgradeTo(echoing);
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_THAT(new_.TakeRequests(), ::testing::Contains("SET_LOG_BASE"));
}

TEST_F(ExchangeFaultsTest, NothingMovesWhileTheFrontEndTransfersTheState) {
  StartGuest();
  front_->Call(vhost_user::kGetVringBase, devstate::testing::TwoU32(0, 0));
  ChannelEnds ends = devstate::testing::MakeChannel();
  EXPECT_EQ(front_->SetDeviceState(0, 0, std::move(ends.write_end)),
            vhost_user::kSetStateNoFd);
  devstate::testing::ReadAll(ends.read_end.get());
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_EQ(report.refusal(), "the front-end transfers the state");
  EXPECT_TRUE(report.old_serves());
  EXPECT_EQ(new_.device.loads, 0);
  EXPECT_EQ(front_->Call(vhost_user::kCheckDeviceState), 0u);
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
}

TEST_F(ExchangeFaultsTest, RequestsThatAreNotDoneInTimeLeaveTheOldOneServing) {
  StartGuest();
  SetUsedIndex(kBase - 2);
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_THAT(report.refusal(), StartsWith("drain: ring 0: 2 requests"));
  EXPECT_EQ(new_.device.loads, 0);
  EXPECT_EQ(Count(kick_), 1u);
  ExpectOldServes(report);
}

}  // namespace
}  // namespace devstate::proxy
