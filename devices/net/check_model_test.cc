// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/check_model.h"

#include "absl/status/status.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/net_model.h"
#include "devstate/devices/net/test_models.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::net {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Invalid for every device, for this reason, in one line.
MATCHER_P(IsInvalid, reason, "") {
  return ::testing::ExplainMatchResult(
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr(reason), Not(HasSubstr("\n")))),
      arg, result_listener);
}

// More than this device offers.
MATCHER_P(IsTooMuch, reason, "") {
  return ::testing::ExplainMatchResult(
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr(reason), Not(HasSubstr("\n")))),
      arg, result_listener);
}

TEST(CheckModelTest, DeviceAfterAResetIsAccepted) {
  EXPECT_THAT(CheckModel(NetModel()), IsOk());
}

TEST(CheckModelTest, EverySettingAtOnceIsAccepted) {
  NetModel model = MakeSplitModel();
  EXPECT_THAT(CheckModel(model), IsOk());
}

TEST(CheckModelTest, FeatureThatIsNotOfferedIsTooMuch) {
  NetModel model = MakeSplitModel();
  model.acked_features |= Bit(62);
  EXPECT_THAT(
      CheckModel(model),
      IsTooMuch(
          "features 0x4000000000000000, which this device does not offer"));
}

TEST(CheckModelTest, ControlFeatureNeedsTheControlQueue) {
  NetModel model = MakeSplitModel();
  model.acked_features &= ~kNetCtrlVq;
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid(
          "VIRTIO_NET_F_CTRL_RX is negotiated without VIRTIO_NET_F_CTRL_VQ"));
}

TEST(CheckModelTest, SegmentationNeedsChecksums) {
  NetModel model = MakeSplitModel();
  model.acked_features &= ~kNetGuestCsum;
  EXPECT_THAT(CheckModel(model), IsInvalid("without VIRTIO_NET_F_GUEST_CSUM"));
}

TEST(CheckModelTest, OwnAddressIsNotAMulticastOne) {
  NetModel model = MakeSplitModel();
  model.config.mac = MacAddress{1, 0, 0, 0, 0, 1};
  EXPECT_THAT(CheckModel(model),
              IsInvalid("01:00:00:00:00:01 is no unicast address"));
}

TEST(CheckModelTest, OwnAddressIsNotZero) {
  NetModel model = MakeSplitModel();
  model.config.mac = MacAddress();
  EXPECT_THAT(CheckModel(model),
              IsInvalid("00:00:00:00:00:00 is no unicast address"));
}

TEST(CheckModelTest, StatusHasTwoBits) {
  NetModel model = MakeSplitModel();
  model.config.status = 4;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("status 0x4 has more than the possible 0x3"));
}

TEST(CheckModelTest, NoQueuePairIsRefused) {
  NetModel model = MakeSplitModel();
  model.config.max_queue_pairs = 0;
  EXPECT_THAT(CheckModel(model), IsInvalid("max_virtqueue_pairs 0 is below 1"));
}

TEST(CheckModelTest, MoreQueuePairsThanTheDeviceHasAreTooMuch) {
  NetModel model = MakeSplitModel();
  model.config.max_queue_pairs = 9;
  EXPECT_THAT(CheckModel(model), IsTooMuch("max_virtqueue_pairs 9 is above 8"));
}

TEST(CheckModelTest, MtuBelowTheProtocolsIsRefused) {
  NetModel model = MakeSplitModel();
  model.config.mtu = 67;
  EXPECT_THAT(CheckModel(model), IsInvalid("mtu 67 is below 68"));
}

TEST(CheckModelTest, MtuAboveTheDevicesIsTooMuch) {
  NetModel model = MakeSplitModel();
  model.config.mtu = 9001;
  EXPECT_THAT(CheckModel(model), IsTooMuch("mtu 9001 is above 9000"));
}

TEST(CheckModelTest, DuplexIsHalfFullOrUnknown) {
  NetModel model = MakeSplitModel();
  model.config.duplex = 2;
  EXPECT_THAT(CheckModel(model), IsInvalid("duplex 2"));
}

TEST(CheckModelTest, KeySizeAboveTheDevicesIsTooMuch) {
  NetModel model = MakeSplitModel();
  model.config.rss_max_key_size = 41;
  EXPECT_THAT(CheckModel(model), IsTooMuch("rss_max_key_size 41"));
}

TEST(CheckModelTest, TableAboveTheDevicesIsTooMuch) {
  NetModel model = MakeSplitModel();
  model.config.rss_max_table_length = 129;
  EXPECT_THAT(CheckModel(model),
              IsTooMuch("rss_max_indirection_table_length 129"));
}

TEST(CheckModelTest, UnknownHashTypesAreRefused) {
  NetModel model = MakeSplitModel();
  model.config.hash_types = 0x200;
  EXPECT_THAT(CheckModel(model), IsInvalid("supported_hash_types 0x200"));
}

TEST(CheckModelTest, UnknownTunnelTypesAreRefused) {
  NetModel model = MakeSplitModel();
  model.config.tunnel_types = 4;
  EXPECT_THAT(CheckModel(model), IsInvalid("supported_tunnel_types 0x4"));
}

TEST(CheckModelTest, AnnouncementStandsInTheStatusToo) {
  NetModel model = MakeSplitModel();
  model.announce_pending = true;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("the status and the announcement disagree"));
}

TEST(CheckModelTest, UnicastFilterHoldsNoMulticastAddress) {
  NetModel model = MakeSplitModel();
  model.mac_filter->unicast[0][0] = 3;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("03:00:00:00:00:02 is no unicast address"));
}

TEST(CheckModelTest, MulticastFilterHoldsNoUnicastAddress) {
  NetModel model = MakeSplitModel();
  model.mac_filter->multicast[0][0] = 2;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("02:00:00:00:00:02 is no multicast address"));
}

TEST(CheckModelTest, OneFilteredAddressTwiceIsRefused) {
  NetModel model = MakeSplitModel();
  model.mac_filter->unicast.resize(2, model.mac_filter->unicast[0]);
  EXPECT_THAT(CheckModel(model), IsInvalid("02:00:00:00:00:02 occurs twice"));
}

TEST(CheckModelTest, FilterLargerThanTheTableIsTooMuch) {
  NetModel model = MakeSplitModel();
  model.mac_filter->unicast.resize(64);
  EXPECT_THAT(
      CheckModel(model),
      IsTooMuch("MAC filter: 65 addresses, and this device has room for 64"));
}

TEST(CheckModelTest, VlanIdHas12Bits) {
  NetModel model = MakeSplitModel();
  model.vlan_ids->push_back(4096);
  EXPECT_THAT(CheckModel(model), IsInvalid("VLAN filter: 4096 is above 4095"));
}

TEST(CheckModelTest, OneVlanTwiceIsRefused) {
  NetModel model = MakeSplitModel();
  model.vlan_ids->push_back(1);
  EXPECT_THAT(CheckModel(model), IsInvalid("VLAN filter: 1 occurs twice"));
}

TEST(CheckModelTest, ExtraReceiveModeNeedsItsFeature) {
  NetModel model = MakeSplitModel();
  model.acked_features &= ~kNetCtrlRxExtra;
  model.receive_mode->nobcast = true;
  EXPECT_THAT(CheckModel(model), IsInvalid("VIRTIO_NET_F_CTRL_RX_EXTRA"));
}

TEST(CheckModelTest, ReceiveModeThatTheDriverCanSetIsNeeded) {
  NetModel model = MakeSplitModel();
  model.receive_mode.reset();
  EXPECT_THAT(CheckModel(model), IsInvalid("no receive mode"));
}

TEST(CheckModelTest, OffloadThatWasNotNegotiatedIsRefused) {
  NetModel model = MakeSplitModel();
  model.guest_offloads = Bit(3);
  EXPECT_THAT(CheckModel(model), IsInvalid("guest offloads 0x8"));
}

TEST(CheckModelTest, MoreActivePairsThanTheDeviceHasAreRefused) {
  NetModel model = MakeSplitModel();
  model.active_queue_pairs = 3;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("3 active queue pairs, expected 1 to 2"));
}

TEST(CheckModelTest, NoActivePairIsRefused) {
  NetModel model = MakeSplitModel();
  model.active_queue_pairs = 0;
  EXPECT_THAT(CheckModel(model), IsInvalid("0 active queue pairs"));
}

TEST(CheckModelTest, HashTypeThatIsNotSupportedIsRefused) {
  NetModel model = MakeSplitModel();
  model.hash->hash_types = 0x40;
  EXPECT_THAT(CheckModel(model), IsInvalid("hash types 0x40"));
}

TEST(CheckModelTest, HashKeyAboveTheMaximumIsRefused) {
  NetModel model = MakeSplitModel();
  model.hash->key += 'k';
  EXPECT_THAT(CheckModel(model),
              IsInvalid("hash types: a key of 41 bytes, at most 40"));
}

TEST(CheckModelTest, TunnelTypeThatIsNotSupportedIsRefused) {
  NetModel model = MakeSplitModel();
  model.hash_tunnel_types = 2;
  EXPECT_THAT(CheckModel(model), IsInvalid("hash tunnel types 0x2"));
}

TEST(CheckModelTest, RssHashTypeThatIsNotSupportedIsRefused) {
  NetModel model = MakeSplitModel();
  model.rss->hash.hash_types = 0x40;
  EXPECT_THAT(CheckModel(model), IsInvalid("RSS hash types 0x40"));
}

TEST(CheckModelTest, IndirectionTableIsAPowerOfTwo) {
  NetModel model = MakeSplitModel();
  model.rss->indirection_table.resize(3);
  EXPECT_THAT(CheckModel(model), IsInvalid("an indirection table of 3 queues"));
}

TEST(CheckModelTest, EmptyIndirectionTableIsRefused) {
  NetModel model = MakeSplitModel();
  model.rss->indirection_table.clear();
  EXPECT_THAT(CheckModel(model), IsInvalid("an indirection table of 0 queues"));
}

TEST(CheckModelTest, IndirectionTableIsWithinTheMaximum) {
  NetModel model = MakeSplitModel();
  model.rss->indirection_table.resize(32);
  EXPECT_THAT(CheckModel(model), IsInvalid("expected a power of two up to 16"));
}

TEST(CheckModelTest, IndirectionTableNamesQueuesThatExist) {
  NetModel model = MakeSplitModel();
  model.rss->indirection_table[3] = 2;
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid("names receive queue 2, and the device has 2 queue pairs"));
}

TEST(CheckModelTest, UnclassifiedQueueExists) {
  NetModel model = MakeSplitModel();
  model.rss->unclassified_queue = 2;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("unclassified frames go to receive queue 2"));
}

TEST(CheckModelTest, TransmitQueuesAreWithinTheMaximum) {
  NetModel model = MakeSplitModel();
  model.rss->max_tx_queues = 3;
  EXPECT_THAT(CheckModel(model), IsInvalid("RSS: 3 transmit queues"));
}

TEST(CheckModelTest, NoTransmitQueueIsRefused) {
  NetModel model = MakeSplitModel();
  model.rss->max_tx_queues = 0;
  EXPECT_THAT(CheckModel(model), IsInvalid("RSS: 0 transmit queues"));
}

TEST(CheckModelTest, EverySettingNeedsItsFeature) {
  const struct {
    uint64_t feature;
    const char* name;
  } cases[] = {
      {kNetCtrlRx, "CTRL_RX"},
      {kNetCtrlVlan, "CTRL_VLAN"},
      {kNetCtrlGuestOffloads, "CTRL_GUEST_OFFLOADS"},
      {kNetGuestAnnounce, "GUEST_ANNOUNCE"},
      {kNetMq, "MQ"},
      {kNetHashReport, "HASH_REPORT"},
      {kNetRss, "RSS"},
      {kNetHashTunnel, "HASH_TUNNEL"},
      {kNetNotfCoal, "NOTF_COAL"},
      {kNetVqNotfCoal, "VQ_NOTF_COAL"},
  };
  for (const auto& test : cases) {
    NetModel model = MakeSplitModel();
    model.acked_features &= ~test.feature;
    EXPECT_THAT(CheckModel(model),
                IsInvalid(std::string("without VIRTIO_NET_F_") + test.name));
  }
}

}  // namespace
}  // namespace devstate::net
