// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Both endpoints in one process, over real sockets and channels.

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FakeDevice;
using ::devstate::testing::Gate;
using ::devstate::testing::IsOk;
using ::devstate::testing::Pattern;
using ::devstate::testing::ServedEndpoint;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::devstate::testing::TempFolder;
using ::testing::HasSubstr;

constexpr size_t kBig = 3 << 20;  // larger than every pipe

BackendEndpointOptions OwnChannel(std::optional<ChannelKind> kind) {
  BackendEndpointOptions options;
  options.transfer.own_channel = kind;
  return options;
}

std::unique_ptr<FrontendEndpoint> Negotiated(
    ServedEndpoint& served, FrontendEndpointOptions options = {}) {
  auto frontend =
      FrontendEndpoint::FromSocket(served.TakeSocket(), std::move(options));
  if (!frontend.ok() || !(*frontend)->Negotiate().ok()) return nullptr;
  return *std::move(frontend);
}

// The channel that the front-end gives, and the back-end's own, if any.
using Channels = std::tuple<ChannelKind, std::optional<ChannelKind>>;

class ChannelTest : public ::testing::TestWithParam<Channels> {
 protected:
  ChannelKind given() const { return std::get<0>(GetParam()); }
  std::optional<ChannelKind> own() const { return std::get<1>(GetParam()); }
};

TEST_P(ChannelTest, SavesAndLoadsOnOneConnectionWithoutLosingFds) {
  const int fds_before = CountOpenFds();
  {
    FakeDevice device;
    device.state = Pattern(kBig);
    ServedEndpoint served(&device, OwnChannel(own()));
    auto frontend = Negotiated(served);
    ASSERT_NE(frontend, nullptr);

    StringSink saved;
    auto save = frontend->SaveState(given(), saved);
    ASSERT_THAT(save, IsOk());
    EXPECT_TRUE(save->ok()) << save->check_reply;
    EXPECT_EQ(save->own_channel, own().has_value());
    EXPECT_EQ(save->channel, own().value_or(given()));
    EXPECT_EQ(save->bytes, kBig);
    EXPECT_TRUE(saved.bytes == device.state);

    const std::string other = Pattern(kBig + 12345).substr(7);
    StringSource in(other);
    auto load = frontend->LoadState(given(), in);
    ASSERT_THAT(load, IsOk());
    EXPECT_TRUE(load->ok()) << load->check_reply;
    EXPECT_TRUE(device.state == other);

    StringSink again;
    ASSERT_THAT(frontend->SaveState(given(), again), IsOk());
    EXPECT_TRUE(again.bytes == other);
    EXPECT_EQ(device.breaches, 0);
  }
  EXPECT_EQ(CountOpenFds(), fds_before);
}

TEST_P(ChannelTest, EmptyStateIsLegal) {
  FakeDevice device;
  ServedEndpoint served(&device, OwnChannel(own()));
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);
  StringSink saved;
  auto save = frontend->SaveState(given(), saved);
  ASSERT_THAT(save, IsOk());
  EXPECT_TRUE(save->ok());
  device.state = "to be replaced";
  StringSource in("");
  auto load = frontend->LoadState(given(), in);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_EQ(device.state, "");
}

TEST_P(ChannelTest, FailedLoadLeavesTheDeviceAndTheNextOneWorks) {
  FakeDevice device;
  device.state = "before";
  device.load_result = absl::DataLossError("no trailer");
  device.read_before_failing = 1000;
  ServedEndpoint served(&device, OwnChannel(own()));
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);

  StringSource bad(Pattern(kBig));
  auto load = frontend->LoadState(given(), bad);
  ASSERT_THAT(load, IsOk());
  EXPECT_THAT(load->transfer, IsOk()) << "the reader must drain to the end";
  EXPECT_EQ(load->check_reply,
            static_cast<uint64_t>(absl::StatusCode::kDataLoss));
  EXPECT_EQ(device.state, "before");

  device.load_result = absl::OkStatus();
  device.read_before_failing = UINT64_MAX;
  StringSource good(Pattern(kBig));
  load = frontend->LoadState(given(), good);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_TRUE(device.state == Pattern(kBig));
  EXPECT_EQ(device.breaches, 0);
  EXPECT_EQ(device.discards, 1);
}

TEST_P(ChannelTest, FailedSaveIsReportedAndTheNextOneWorks) {
  FakeDevice device;
  device.state = Pattern(kBig);
  device.save_result = absl::InternalError("cannot save");
  ServedEndpoint served(&device, OwnChannel(own()));
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);

  StringSink saved;
  auto save = frontend->SaveState(given(), saved);
  if (own().has_value() && IsStored(*own())) {
    EXPECT_THAT(save, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("0x101")));
  } else {
    ASSERT_THAT(save, IsOk());
    EXPECT_EQ(save->check_reply,
              static_cast<uint64_t>(absl::StatusCode::kInternal));
  }
  device.save_result = absl::OkStatus();
  StringSink again;
  save = frontend->SaveState(given(), again);
  ASSERT_THAT(save, IsOk());
  EXPECT_TRUE(save->ok());
  EXPECT_TRUE(again.bytes == device.state);
}

TEST_P(ChannelTest, SourceThatFailsUnderWayCommitsNothing) {
  FakeDevice device;
  device.state = "before";
  ServedEndpoint served(&device, OwnChannel(own()));
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);

  StringSource killed(Pattern(kBig));
  killed.fail_at = 1 << 20;
  EXPECT_THAT(frontend->LoadState(given(), killed),
              StatusIs(absl::StatusCode::kDataLoss));

  StringSource good("after");
  auto load = frontend->LoadState(given(), good);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_EQ(device.state, "after");
  EXPECT_EQ(device.commits, 1);
  EXPECT_EQ(device.breaches, 0);
}

TEST_P(ChannelTest, TwoBackEndsAreCoupledDirectly) {
  FakeDevice source;
  source.state = Pattern(kBig);
  FakeDevice destination;
  ServedEndpoint from(&source, OwnChannel(own()));
  ServedEndpoint to(&destination, OwnChannel(own()));
  auto from_frontend = Negotiated(from);
  auto to_frontend = Negotiated(to);
  ASSERT_NE(from_frontend, nullptr);
  ASSERT_NE(to_frontend, nullptr);
  auto save = from_frontend->OpenSave(given());
  ASSERT_THAT(save, IsOk());
  auto load = to_frontend->LoadState(given(), **save);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_TRUE((*save)->result().ok());
  EXPECT_TRUE(destination.state == source.state);
}

TEST_P(ChannelTest, DestinationIsUntouchedWhenTheSourceFailsItsCheck) {
  FakeDevice source;
  source.state = Pattern(kBig);
  FakeDevice destination;
  destination.state = "before";
  ServedEndpoint from(&source, OwnChannel(own()));
  ServedEndpoint to(&destination, OwnChannel(own()));
  auto from_frontend = Negotiated(from);
  auto to_frontend = Negotiated(to);
  ASSERT_NE(from_frontend, nullptr);
  ASSERT_NE(to_frontend, nullptr);
  source.save_result = absl::InternalError("cannot save");
  auto save = from_frontend->OpenSave(given());
  if (save.ok()) {
    EXPECT_THAT(to_frontend->LoadState(given(), **save),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_EQ(destination.commits, 0);
  EXPECT_EQ(destination.state, "before");
}

std::string ChannelsName(const ::testing::TestParamInfo<Channels>& info) {
  const std::optional<ChannelKind> own = std::get<1>(info.param);
  return std::string(ChannelKindName(std::get<0>(info.param))) + "_given_" +
         (own.has_value() ? std::string(ChannelKindName(*own)) + "_own"
                          : std::string("kept"));
}

INSTANTIATE_TEST_SUITE_P(
    AllKinds, ChannelTest,
    ::testing::Combine(::testing::ValuesIn(kAllChannelKinds),
                       ::testing::Values(std::optional<ChannelKind>(),
                                         ChannelKind::kPipe,
                                         ChannelKind::kSocketPair,
                                         ChannelKind::kMemfd,
                                         ChannelKind::kFile)),
    ChannelsName);

TEST(EndpointTest, OfferIsAskedForWithoutAcknowledgingAnything) {
  FakeDevice device;
  ServedEndpoint served(&device);
  auto frontend = FrontendEndpoint::FromSocket(served.TakeSocket());
  ASSERT_THAT(frontend, IsOk());
  const auto offer = (*frontend)->GetOffer();
  ASSERT_THAT(offer, IsOk());
  EXPECT_NE(offer->features & kVhostFLogAll, 0u);
  EXPECT_EQ(offer->protocol_features, kDefaultProtocolFeatures);
  EXPECT_EQ((*frontend)->protocol_features(), 0u);
  StringSink out;
  EXPECT_THAT((*frontend)->SaveState(ChannelKind::kPipe, out),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ((*frontend)->GetQueueNum(*offer).value_or(0), 16u);
  EXPECT_THAT((*frontend)->GetQueueNum({}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("MQ")));
}

TEST(EndpointTest, TransferWithoutTheFeatureBitIsRefused) {
  FakeDevice device;
  BackendEndpointOptions options;
  options.device.protocol_features &= ~kProtocolFDeviceState;
  ServedEndpoint served(&device, std::move(options));
  auto frontend = FrontendEndpoint::FromSocket(served.TakeSocket());
  ASSERT_THAT(frontend, IsOk());
  EXPECT_THAT(
      (*frontend)->Negotiate(),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("bit 19")));
  StringSink saved;
  EXPECT_THAT((*frontend)->SaveState(ChannelKind::kPipe, saved),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(EndpointTest, TransferWaitsForStoppedRings) {
  FakeDevice device;
  device.state = "state";
  ServedEndpoint served(&device);
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);
  ASSERT_THAT(frontend->StartRing(0), IsOk());
  StringSink saved;
  EXPECT_THAT(
      frontend->SaveState(ChannelKind::kPipe, saved),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("running")));
  ASSERT_THAT(frontend->StopRing(0), IsOk());
  auto save = frontend->SaveState(ChannelKind::kPipe, saved);
  ASSERT_THAT(save, IsOk());
  EXPECT_TRUE(save->ok());
}

TEST(EndpointTest, FailedCommitIsReportedAndDiscarded) {
  FakeDevice device;
  device.state = "before";
  device.commit_result = absl::InternalError("half of the files are gone");
  ServedEndpoint served(&device);
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);
  StringSource in("after");
  auto load = frontend->LoadState(ChannelKind::kPipe, in);
  ASSERT_THAT(load, IsOk());
  EXPECT_EQ(load->check_reply,
            static_cast<uint64_t>(absl::StatusCode::kInternal));
  device.commit_result = absl::OkStatus();
  StringSource again("after");
  load = frontend->LoadState(ChannelKind::kPipe, again);
  ASSERT_THAT(load, IsOk());
  EXPECT_TRUE(load->ok());
  EXPECT_EQ(device.discards, 1);
  EXPECT_EQ(device.breaches, 0);
}

TEST(EndpointTest, BytesAfterTheStateAreAnError) {
  FakeDevice device;
  device.read_before_failing = 10;  // and then returns OK
  device.piece = 10;
  ServedEndpoint served(&device);
  auto frontend = Negotiated(served);
  ASSERT_NE(frontend, nullptr);
  StringSource in("0123456789 and more");
  auto load = frontend->LoadState(ChannelKind::kPipe, in);
  ASSERT_THAT(load, IsOk());
  EXPECT_EQ(load->check_reply,
            static_cast<uint64_t>(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(device.commits, 0);
}

TEST(EndpointTest, BackEndThatIsGoneIsUnavailable) {
  FakeDevice device;
  auto served = std::make_unique<ServedEndpoint>(&device);
  auto frontend = Negotiated(*served);
  ASSERT_NE(frontend, nullptr);
  served.reset();
  StringSink saved;
  EXPECT_THAT(frontend->SaveState(ChannelKind::kPipe, saved),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(EndpointTest, StopDuringATransferJoinsCleanly) {
  FakeDevice device;
  device.state = Pattern(1000);
  device.endless_save = true;
  auto served = std::make_unique<ServedEndpoint>(&device);
  auto frontend = Negotiated(*served);
  ASSERT_NE(frontend, nullptr);
  auto save = frontend->OpenSave(ChannelKind::kPipe);
  ASSERT_THAT(save, IsOk());
  char byte;
  ASSERT_THAT((*save)->Read(&byte, 1), IsOk());
  served.reset();
  EXPECT_EQ(device.saves, 1);
}

TEST(EndpointTest, FailedSaveSaysWhatTheAnswerMeans) {
  FakeDevice device;
  device.save_result = absl::InternalError("cannot save");
  ServedEndpoint served(&device);
  FrontendEndpointOptions options;
  options.check_reply_text = [](uint64_t reply) {
    return reply == 0 ? "all is well" : "the disk is full";
  };
  auto frontend = Negotiated(served, std::move(options));
  ASSERT_NE(frontend, nullptr);
  auto save = frontend->OpenSave(ChannelKind::kPipe);
  ASSERT_THAT(save, IsOk());
  char byte;
  EXPECT_THAT((*save)->Read(&byte, 1),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the back-end says the disk is full")));
}

TEST(EndpointTest, SocketInUseIsOneClearLine) {
  const TempFolder folder;
  const std::string path = folder.path() + "/in_use.sock";
  FakeDevice device;
  BackendEndpointOptions options;
  options.socket_path = path;
  auto first = BackendEndpoint::Create(&device, std::move(options));
  ASSERT_THAT(first, IsOk());
  BackendEndpointOptions same;
  same.socket_path = path;
  EXPECT_THAT(BackendEndpoint::Create(&device, std::move(same)),
              StatusIs(absl::StatusCode::kAlreadyExists,
                       HasSubstr("another process listens")));
}

TEST(EndpointTest, NextFrontEndFindsAFreshSession) {
  const TempFolder folder;
  const std::string path = folder.path() + "/fresh.sock";
  FakeDevice device;
  device.state = "state";
  BackendEndpointOptions options;
  options.socket_path = path;
  auto endpoint = BackendEndpoint::Create(&device, std::move(options));
  ASSERT_THAT(endpoint, IsOk());
  std::thread serving([&] { EXPECT_THAT((*endpoint)->Serve(), IsOk()); });
  for (int i = 0; i < 3; ++i) {
    auto frontend = FrontendEndpoint::Connect(path);
    ASSERT_THAT(frontend, IsOk());
    ASSERT_THAT((*frontend)->Negotiate(), IsOk());
    // Abandoned without CHECK.
    ASSERT_THAT((*frontend)->OpenSave(ChannelKind::kPipe), IsOk());
  }
  auto frontend = FrontendEndpoint::Connect(path);
  ASSERT_THAT(frontend, IsOk());
  ASSERT_THAT((*frontend)->Negotiate(), IsOk());
  StringSink saved;
  auto save = (*frontend)->SaveState(ChannelKind::kPipe, saved);
  ASSERT_THAT(save, IsOk());
  EXPECT_TRUE(save->ok());
  EXPECT_EQ(saved.bytes, "state");
  (*endpoint)->Stop();
  serving.join();
}

}  // namespace
}  // namespace devstate::vhost_user
