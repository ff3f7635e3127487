// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/net_device.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/net_backend/seeded_model.h"
#include "examples/net_backend/state_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::net::examples {
namespace {

using ::devices::net::v1::NetState;
using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateReader;
using ::devices::net::v1::NetStateWriter;
using ::devices::net::v1::QueueCoalescingRow;
using ::devices::net::v1::VringRow;
using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Save(NetModel model) {
  NetDevice device(std::move(model));
  StateHandler<NetStateCodec> handler(&device);
  StringSink sink;
  EXPECT_THAT(handler.Save(sink), IsOk());
  return sink.written;
}

// A stream with the records that `write` adds to `root`.
std::string Write(
    const NetState& root,
    const std::function<absl::Status(NetStateWriter&)>& write =
        [](NetStateWriter&) { return absl::OkStatus(); }) {
  StringSink sink;
  NetStateWriter writer(&sink);
  EXPECT_THAT(writer.Begin(root), IsOk());
  EXPECT_THAT(write(writer), IsOk());
  EXPECT_THAT(writer.Finish(), IsOk());
  return sink.written;
}

NetState RootWithConfig() {
  NetState root;
  root.mutable_config();
  return root;
}

class NetDeviceTest : public ::testing::Test {
 protected:
  // All of a load but CHECK.
  absl::Status Load(const std::string& stream) {
    StringSource source(stream);
    return handler_.Load(source).status;
  }

  NetDevice destination_{NetModel()};
  StateHandler<NetStateCodec> handler_{&destination_};
  const std::string empty_ = StateText(NetModel());
};

TEST_F(NetDeviceTest, LoadedStateEqualsTheSourcesWhateverTheSeed) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    ASSERT_THAT(Load(Save(SeededModel(seed))), IsOk()) << seed;
    ASSERT_THAT(handler_.Commit().status, IsOk()) << seed;
    EXPECT_EQ(StateText(destination_.model()), StateText(SeededModel(seed)));
  }
}

TEST_F(NetDeviceTest, DeviceThatNoDriverTouchedIsSavedAndLoaded) {
  ASSERT_THAT(Load(Save(NetModel())), IsOk());
  ASSERT_THAT(handler_.Commit().status, IsOk());
  EXPECT_EQ(StateText(destination_.model()), empty_);
}

TEST_F(NetDeviceTest, NothingShowsBeforeCommit) {
  ASSERT_THAT(Load(Save(SeededModel(1))), IsOk());
  EXPECT_EQ(StateText(destination_.model()), empty_);
  handler_.Discard();
  EXPECT_EQ(StateText(destination_.model()), empty_);
}

TEST_F(NetDeviceTest, SavingTwiceGivesTheSameBytes) {
  EXPECT_EQ(Save(SeededModel(3)), Save(SeededModel(3)));
}

TEST_F(NetDeviceTest, HeaderNamesTheFeaturesOfTheRoot) {
  NetState root = RootWithConfig();
  root.mutable_rss();
  StringSource source(Write(root));
  NetStateReader reader(&source);
  EXPECT_THAT((*reader.ReadHeader())->used_features,
              ElementsAre("VIRTIO_NET_F_RSS"));
}

TEST_F(NetDeviceTest, DamagedStreamLeavesTheDeviceAsItWasAndAGoodOneLoadsNext) {
  const std::string good = Save(SeededModel(4));
  std::string damaged = good;
  damaged[damaged.size() / 2] ^= 0x10;
  EXPECT_THAT(Load(damaged), StatusIs(absl::StatusCode::kDataLoss));
  handler_.Discard();
  EXPECT_EQ(StateText(destination_.model()), empty_);
  EXPECT_THAT(Load(good), IsOk());
}

TEST_F(NetDeviceTest, WholeStreamWithAnImpossibleStateIsRefused) {
  NetModel model = SeededModel(2);
  ASSERT_FALSE(model.requests.empty());
  model.requests.pop_back();
  EXPECT_THAT(Load(Save(model)), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("its position says that")));
  handler_.Discard();
  EXPECT_EQ(StateText(destination_.model()), empty_);
}

TEST_F(NetDeviceTest, StateWithoutConfigurationSpaceIsRefused) {
  EXPECT_THAT(Load(Write(NetState())),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("required-missing")));
}

TEST_F(NetDeviceTest, AddressesHaveSixBytes) {
  NetState root = RootWithConfig();
  root.mutable_config()->set_mac("12345");
  EXPECT_THAT(Load(Write(root)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("own address of 5 bytes, expected 6")));
  root.mutable_config()->clear_mac();
  root.mutable_mac_filter()->add_unicast("");
  EXPECT_THAT(Load(Write(root)), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("unicast address of 0")));
  root.mutable_mac_filter()->clear_unicast();
  root.mutable_mac_filter()->add_multicast("1234567");
  EXPECT_THAT(Load(Write(root)), StatusIs(absl::StatusCode::kFailedPrecondition,
                                          HasSubstr("value-out-of-bounds")));
}

TEST_F(NetDeviceTest, RingWithoutAPositionIsRefused) {
  const std::string stream = Write(
      RootWithConfig(),
      [](NetStateWriter& writer) { return writer.AddVrings(VringRow()); });
  EXPECT_THAT(Load(stream), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("ring 0: it has no position")));
}

TEST_F(NetDeviceTest, QueueCoalescingWithoutValuesIsRefused) {
  const std::string stream =
      Write(RootWithConfig(), [](NetStateWriter& writer) {
        return writer.AddQueueCoalescing(QueueCoalescingRow());
      });
  EXPECT_THAT(Load(stream), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("setting without values")));
}

}  // namespace
}  // namespace devstate::net::examples
