// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Exchanges between two back-ends of this process.

#include <poll.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/foreign/states/opaque/envelope.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/exchange_fixture.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::RawPeer;
using ::devstate::testing::TempFolder;
using ::devstate::testing::TwoU32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using vhost_user::U64Payload;

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
      ElementsAre("GET_FEATURES", "GET_FEATURES", "GET_PROTOCOL_FEATURES",
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

TEST_F(ExchangeTest, WithoutAcknowledgementsAnAnswerSaysThatRingsAreEnabled) {
  StartGuest(vhost_user::kProtocolFReplyAck);
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
  const std::vector<std::string> requests = new_.TakeRequests();
  ASSERT_GE(requests.size(), 2u);
  EXPECT_EQ(requests[requests.size() - 2], "SET_VRING_ENABLE");
  EXPECT_EQ(requests.back(), "GET_FEATURES");
  EXPECT_EQ(Count(kick_), 1u);
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

TEST_F(ExchangeTest, AnEnvelopeOfAnotherProxyMovesAsItIs) {
  opaque::Label label;
  label.set_implementation("nobody");
  ::devstate::testing::StringSink envelope;
  const auto state = [] {
    return std::make_shared<::devstate::testing::StringSource>("any state");
  };
  ASSERT_THAT(opaque::WriteEnvelope(state, label, {}, &envelope), IsOk());
  old_.device.state = envelope.bytes;
  StartGuest();
  const ExchangeReport report = Upgrade(ToNew());
  EXPECT_TRUE(report.exchanged()) << report.refusal();
  EXPECT_EQ(new_.device.state, envelope.bytes);
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
  EXPECT_THAT(report.refusal(), HasSubstr("start: GET_FEATURES"));
  EXPECT_THAT(old_.TakeRequests(), IsEmpty());
  ExpectOldServes(report);
}

TEST_F(ExchangeTest, TheFrontEndIsServedWhileTheNewOneStarts) {
  StartGuest();
  const TempFolder folder;
  auto listener = UnixListener::Listen(folder.path() + "/slow.sock");
  ASSERT_THAT(listener, IsOk());
  ExchangeRequest request;
  request.set_socket(folder.path() + "/slow.sock");
  const FileDescriptor asked = Ask(request);
  pollfd entry = {listener->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, -1), 1);
  auto slow = listener->Accept();
  ASSERT_THAT(slow, IsOk());
  RawPeer next(*std::move(slow));
  EXPECT_EQ(next.Receive().request, vhost_user::kGetFeatures);
  EXPECT_TRUE(Answers());
  entry = {asked.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0) << "the exchange is over already";
}

TEST_F(ExchangeTest, WhoSaysNothingAtTheControlSocketDelaysNobody) {
  StartGuest();
  const auto silent = ConnectUnix(proxy_->control_path(), Deadline::Never());
  ASSERT_THAT(silent, IsOk());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Answers());
  EXPECT_THAT(proxy_->log(), Not(HasSubstr("nothing in time")));
  EXPECT_TRUE(Upgrade(ToNew()).exchanged());
  EXPECT_THAT(proxy_->log(), HasSubstr("control socket: nothing in time"));
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
  ExchangeRequest request = ToNew();
  request.set_implementation("newer");
  EXPECT_TRUE(Upgrade(request).exchanged());
  new_.device.state = "of the new one";
  front_->Call(vhost_user::kGetVringBase, TwoU32(0, 0));
  ChannelEnds ends = devstate::testing::MakeChannel();
  EXPECT_EQ(front_->SetDeviceState(0, 0, std::move(ends.write_end)),
            vhost_user::kSetStateNoFd);
  ::devstate::testing::StringSource stream(
      ::devstate::testing::ReadAll(ends.read_end.get()));
  ::devstate::testing::StringSink bytes;
  const opaque::OpenedEnvelope opened = opaque::OpenEnvelope(&stream, &bytes);
  EXPECT_THAT(opened.status, ::devstate::testing::IsOk());
  EXPECT_EQ(bytes.bytes, "of the new one");
  EXPECT_EQ(opened.label.implementation(), "newer");
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
