// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A guest's real device has one pair of queues and no hash. Devices with more
// are written field by field, without the code under test.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devices/net/v1/net.pb.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::net::v1::NetState;
using ::devices::net::v1::RssConfig;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kControlled = net::kVersion1 | net::kNetCtrlVq;

struct TestRss {
  uint8_t enabled = 1;
  uint8_t redirect = 1;
  uint8_t populate_hash = 0;
  uint32_t hash_types = 0x3f;
  // Saved in version 2.
  uint32_t supported_types = 0x1ff;
  uint16_t default_queue = 0;
  std::string key = std::string(40, 'k');
  std::vector<uint16_t> table = {0, 1};
  uint32_t version = 1;

  std::string Encode() const {
    const auto length = static_cast<uint16_t>(table.size());
    FieldsOut out;
    out.U8("", &enabled);
    out.U8("", &redirect);
    out.U8("", &populate_hash);
    out.U32("", &hash_types);
    if (version == 2) out.U32("", &supported_types);
    out.U16("", &length);
    out.U16("", &default_queue);
    out.Raw("", key.size(), &key);
    for (const uint16_t& queue : table) out.U16("", &queue);
    return out.bytes();
  }
};

struct TestNet {
  uint64_t features = kControlled;
  std::string config = std::string(44, '\0');
  std::string macs;
  // The number of filtered addresses, if it is a lie.
  absl::optional<uint32_t> macs_in_use;
  // multi_overflow, uni_overflow, alluni, nomulti, nouni, nobcast.
  std::string switches = std::string(6, '\0');
  // Saved if there are several, which `config` says.
  uint16_t max_pairs = 1;
  uint16_t pairs = 1;
  std::vector<uint32_t> tx_waiting = {0};
  // Saved with VIRTIO_NET_F_CTRL_GUEST_OFFLOADS.
  uint64_t offloads = 0;
  absl::optional<TestRss> rss;

  std::string Encode() const {
    VirtioState state = BareDevice();
    SetFeatures(features, &state);
    state.queues = {{256, 0x1000, 9, 0}, {256, 0x5000, 8, 0}};
    state.config = config;
    if (rss.has_value()) {
      state.subsections.insert(
          state.subsections.begin(),
          {"virtio-net-device/rss", rss->version, rss->Encode()});
    }
    const uint32_t count =
        macs_in_use.value_or(static_cast<uint32_t>(macs.size() / 6));
    const uint32_t mergeable = 1;
    const std::string mac("\x02\0\0\0\0\x01", 6);
    // The link is up, all frames are received.
    const std::string mode("\0\x01\x01\0", 4);
    // The VLANs and has_vnet_hdr.
    const std::string vlans(size_t{512} + 4, '\0');
    const uint8_t has_ufo = 0;
    FieldsOut own;
    own.Raw("", mac.size(), &mac);
    own.U32("", &tx_waiting[0]);
    own.U32("", &mergeable);
    own.Raw("", mode.size(), &mode);
    own.U32("", &count);
    own.Raw("", macs.size(), &macs);
    own.Raw("", vlans.size(), &vlans);
    own.Raw("", switches.size(), &switches);
    own.U8("", &has_ufo);
    if (LittleEndian(config, 8, 2) > 1) {
      own.U16("", &max_pairs);
      own.U16("", &pairs);
    }
    for (size_t i = 1; i < tx_waiting.size(); ++i) {
      own.U32("", &tx_waiting[i]);
    }
    if ((features & net::kNetCtrlGuestOffloads) != 0) own.U64("", &offloads);
    return WithOwnFields(state, own.bytes());
  }
};

// Returns a device with 4 pairs of queues, `pairs` of which are in use.
TestNet WithPairs(uint16_t pairs) {
  TestNet device;
  device.features |= net::kNetMq;
  device.config[8] = 4;
  device.max_pairs = 4;
  device.pairs = pairs;
  device.tx_waiting.resize(pairs);
  return device;
}

// Returns one whose driver has told how received frames are steered.
TestNet WithRss() {
  TestNet device = WithPairs(2);
  device.features |= net::kNetRss;
  // The sizes of key and table, and the types of hashes.
  device.config.replace(17, 7, std::string("\x28\x80\0\xff\x01\0\0", 7));
  device.rss.emplace();
  return device;
}

TestNet WithHash() {
  TestNet device = WithRss();
  device.features ^= net::kNetRss | net::kNetHashReport;
  device.rss->redirect = 0;
  device.rss->populate_hash = 1;
  device.rss->table = {0};
  return device;
}

NetState StateOfDevice(const TestNet& device) {
  const Imported imported = Import(EmulatedNet(), device.Encode());
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  return StateOf<NetState>(imported.stream);
}

std::string DamageOf(const TestNet& device) {
  const absl::Status status = Import(EmulatedNet(), device.Encode()).status;
  EXPECT_TRUE(GetErrorDetail(status).has_value());
  return std::string(status.message());
}

// Checks that `state`, put into the file of `device`, makes that of `expected`,
// whose rings are all to be looked at.
void ExpectWritten(const TestNet& device, const NetState& state,
                   TestNet expected) {
  for (uint32_t& waiting : expected.tx_waiting) waiting = 1;
  const auto exported = Export(EmulatedNet(), device.Encode(), StreamOf(state));
  ASSERT_THAT(exported, IsOk());
  EXPECT_THAT(Lines(exported->report.verdict), IsEmpty());
  EXPECT_TRUE(exported->bytes == expected.Encode());
}

std::vector<std::string> RefusalsOf(const TestNet& device,
                                    const NetState& state) {
  return ExportFindings(EmulatedNet(), device.Encode(), state);
}

TEST(NetTest, SettingsAreThoseOfTheGuest) {
  const NetState state =
      ImportedState<NetState>(EmulatedNet(), Saved(EmulatedNet()));
  EXPECT_EQ(state.config().mac(), std::string("\x02\0\0\0\0\x01", 6));
  EXPECT_EQ(state.config().status(), 1u);
  EXPECT_FALSE(state.receive_mode().promisc());
  EXPECT_THAT(state.mac_filter().unicast(),
              ElementsAre(std::string("\x02\0\0\0\0\x77", 6)));
  EXPECT_THAT(state.mac_filter().multicast(), SizeIs(5));
  EXPECT_THAT(state.vlan_filter().vlan_ids(), Contains(5u));
  EXPECT_THAT(state.vlan_filter().vlan_ids(), Contains(4000u));
  ASSERT_THAT(state.vrings(), SizeIs(3));
  EXPECT_TRUE(state.vrings(0).enabled());
  EXPECT_EQ(state.vrings(0).split().size(), 256u);
  // The control queue has answered every command.
  EXPECT_GT(state.vrings(2).split().used_idx(), 0u);
  EXPECT_EQ(state.vrings(2).split().used_idx(),
            state.vrings(2).split().last_avail_idx());
}

TEST(NetTest, ConfigurationHasWhatTheDriverNegotiated) {
  TestNet device = WithRss();
  device.config.replace(10, 7, std::string("\xdc\x05\x10\x27\0\0\x01", 7));
  const NetState without = StateOfDevice(device);
  EXPECT_FALSE(without.config().has_mac());
  EXPECT_FALSE(without.config().has_status());
  EXPECT_FALSE(without.config().has_mtu());
  EXPECT_FALSE(without.config().has_speed());
  EXPECT_FALSE(without.config().has_duplex());
  EXPECT_FALSE(without.has_receive_mode());
  EXPECT_FALSE(without.has_guest_offloads());
  device.features |= net::kNetMtu | net::kNetSpeedDuplex;
  const NetState state = StateOfDevice(device);
  EXPECT_EQ(state.config().max_virtqueue_pairs(), 4u);
  EXPECT_EQ(state.config().mtu(), 1500u);
  EXPECT_EQ(state.config().speed(), 10000u);
  EXPECT_EQ(state.config().duplex(), 1u);
  EXPECT_EQ(state.config().rss_max_key_size(), 40u);
  EXPECT_EQ(state.config().rss_max_indirection_table_length(), 128u);
  EXPECT_EQ(state.config().supported_hash_types(), 0x1ffu);
}

TEST(NetTest, EverySwitchOfTheReceiveModeComesOverAndBack) {
  TestNet device;
  device.features |= net::kNetCtrlRx | net::kNetCtrlRxExtra;
  const TestNet before = device;
  for (size_t i = 0; i < device.switches.size(); ++i) {
    SCOPED_TRACE(i);
    device.switches.assign(6, '\0');
    device.switches[i] = 1;
    const NetState state = StateOfDevice(device);
    EXPECT_TRUE(state.receive_mode().promisc());
    EXPECT_FALSE(state.receive_mode().allmulti());
    const auto& mode = state.receive_mode();
    const auto& filter = state.mac_filter();
    EXPECT_THAT(
        std::vector<bool>({filter.multicast_overflow(),
                           filter.unicast_overflow(), mode.alluni(),
                           mode.nomulti(), mode.nouni(), mode.nobcast()}),
        ElementsAreArray({i == 0, i == 1, i == 2, i == 3, i == 4, i == 5}));
    ExpectWritten(before, state, device);
  }
}

TEST(NetTest, PairsInUseComeOver) {
  const NetState state = StateOfDevice(WithPairs(3));
  EXPECT_EQ(state.config().max_virtqueue_pairs(), 4u);
  EXPECT_EQ(state.active_queue_pairs(), 3u);
}

TEST(NetTest, RssComesOver) {
  TestNet device = WithRss();
  device.rss->default_queue = 1;
  for (const uint32_t version : {1, 2}) {
    SCOPED_TRACE(version);
    device.rss->version = version;
    const NetState state = StateOfDevice(device);
    EXPECT_FALSE(state.has_hash());
    EXPECT_EQ(state.rss().hash_types(), 0x3fu);
    EXPECT_EQ(state.rss().key(), std::string(40, 'k'));
    EXPECT_THAT(state.rss().indirection_table(), ElementsAre(0u, 1u));
    EXPECT_EQ(state.rss().unclassified_queue(), 1u);
    EXPECT_EQ(state.rss().max_tx_queues(), 2u);
  }
}

TEST(NetTest, HashThatIsReportedComesOver) {
  const NetState state = StateOfDevice(WithHash());
  EXPECT_FALSE(state.has_rss());
  EXPECT_EQ(state.hash().hash_types(), 0x3fu);
  EXPECT_EQ(state.hash().key(), std::string(40, 'k'));
}

TEST(NetTest, HashThatIsSwitchedOffIsAbsent) {
  TestNet device = WithRss();
  device.rss->enabled = 0;
  EXPECT_FALSE(StateOfDevice(device).has_rss());
  device = WithHash();
  device.rss->enabled = 0;
  EXPECT_FALSE(StateOfDevice(device).has_hash());
}

TEST(NetTest, RssTableOfAnImpossibleLengthIsRefused) {
  TestNet device = WithRss();
  device.rss->table = {0, 1, 1};
  const Imported imported = Import(EmulatedNet(), device.Encode());
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              ElementsAre(HasSubstr("RSS: an indirection table of 3 queues")));
}

TEST(NetTest, TooManyAddressesAreDamage) {
  TestNet device;
  device.macs_in_use = 65537;
  EXPECT_THAT(DamageOf(device), HasSubstr("65537 addresses in the filter"));
}

TEST(NetTest, TooManyPairsAreDamage) {
  TestNet device = WithPairs(1);
  device.pairs = 1025;
  EXPECT_THAT(DamageOf(device), HasSubstr("1025 pairs of queues in use"));
}

TEST(NetTest, SubsectionThatEndsEarlyIsDamaged) {
  for (const absl::string_view name :
       {"virtio-net-device/rss", "virtio-net-device/backend"}) {
    SCOPED_TRACE(name);
    std::string bytes = TestNet().Encode();
    const auto length = static_cast<uint8_t>(name.size());
    // The version, and the beginning of a length or of switches.
    absl::StrAppend(&bytes, "\x05", std::string(1, static_cast<char>(length)),
                    name, std::string("\0\0\0\x01\0\0", 6));
    const absl::Status status = Import(EmulatedNet(), bytes).status;
    EXPECT_TRUE(GetErrorDetail(status).has_value());
    EXPECT_THAT(status.message(), HasSubstr("ends inside a subsection"));
  }
}

TEST(NetTest, EveryRingIsLookedAtAgain) {
  const std::string bytes = Saved(EmulatedNet());
  const auto exported =
      Export(EmulatedNet(), bytes, Import(EmulatedNet(), bytes).stream);
  ASSERT_THAT(exported, IsOk());
  std::string expected = bytes;
  // The last byte of tx_waiting, after the address.
  expected[OwnFields(bytes) + 6 + 3] = 1;
  EXPECT_TRUE(exported->bytes == expected);
  for (const TestNet& device : {WithPairs(3), WithRss(), WithHash()}) {
    ExpectWritten(device, StateOfDevice(device), device);
  }
}

TEST(NetTest, ChangedSettingsArePutIntoTheFile) {
  const std::string bytes = Saved(EmulatedNet());
  auto state = ImportedState<NetState>(EmulatedNet(), bytes);
  state.mutable_receive_mode()->set_allmulti(true);
  state.mutable_mac_filter()->add_unicast(std::string("\x02\0\0\0\0\x78", 6));
  state.mutable_vlan_filter()->clear_vlan_ids();
  state.mutable_vlan_filter()->add_vlan_ids(4095);
  const auto exported = Export(EmulatedNet(), bytes, StreamOf(state));
  ASSERT_THAT(exported, IsOk());
  EXPECT_EQ(exported->bytes.size(), bytes.size() + 6);
  EXPECT_EQ(ImportedState<NetState>(EmulatedNet(), exported->bytes)
                .SerializeAsString(),
            state.SerializeAsString());
}

TEST(NetTest, PairsArePutIntoTheFile) {
  for (const auto& [before, after] : {std::pair(1, 4), std::pair(4, 1)}) {
    SCOPED_TRACE(before);
    const TestNet device = WithPairs(static_cast<uint16_t>(before));
    NetState state = StateOfDevice(device);
    state.set_active_queue_pairs(static_cast<uint32_t>(after));
    ExpectWritten(device, state, WithPairs(static_cast<uint16_t>(after)));
  }
}

TEST(NetTest, RssIsPutIntoTheFile) {
  for (const uint32_t version : {1, 2}) {
    SCOPED_TRACE(version);
    TestNet device = WithRss();
    device.rss->version = version;
    device.rss->supported_types = 0x7f;
    NetState state = StateOfDevice(device);
    RssConfig& config = *state.mutable_rss();
    config.set_hash_types(0x21);
    config.set_key("short");
    config.set_unclassified_queue(1);
    config.add_indirection_table(1);
    config.add_indirection_table(0);
    TestNet expected = device;
    expected.rss->hash_types = 0x21;
    expected.rss->key = "short" + std::string(35, '\0');
    expected.rss->default_queue = 1;
    expected.rss->table = {0, 1, 1, 0};
    ExpectWritten(device, state, expected);
  }
}

TEST(NetTest, HashIsPutIntoTheFile) {
  const TestNet device = WithHash();
  NetState state = StateOfDevice(device);
  state.mutable_hash()->set_hash_types(2);
  state.mutable_hash()->set_key(std::string(40, 'x'));
  TestNet expected = device;
  expected.rss->hash_types = 2;
  expected.rss->key = std::string(40, 'x');
  ExpectWritten(device, state, expected);
}

TEST(NetTest, HashThatTheStateDoesNotHaveIsSwitchedOff) {
  const TestNet device = WithRss();
  TestNet expected = device;
  expected.rss->enabled = 0;
  NetState state = StateOfDevice(device);
  state.mutable_rss()->set_hash_types(0);
  ExpectWritten(device, state, expected);
  state.clear_rss();
  ExpectWritten(device, state, expected);
}

// QEMU takes the number from the command that came last.
TEST(NetTest, PairsInUseAreThoseOfRss) {
  const TestNet device = WithRss();
  NetState state = StateOfDevice(device);
  state.mutable_rss()->set_max_tx_queues(4);
  TestNet expected = WithRss();
  expected.pairs = 4;
  expected.tx_waiting.resize(4);
  ExpectWritten(device, state, expected);
}

// Without VIRTIO_NET_F_MQ no other command sets it.
TEST(NetTest, PairsInUseAreThoseOfRssThatIsSwitchedOff) {
  TestNet device = WithRss();
  device.features ^= net::kNetMq;
  NetState state = StateOfDevice(device);
  state.mutable_rss()->set_hash_types(0);
  state.mutable_rss()->set_max_tx_queues(3);
  TestNet expected = device;
  expected.rss->enabled = 0;
  expected.pairs = 3;
  expected.tx_waiting.resize(3);
  ExpectWritten(device, state, expected);
  // Nothing says how many.
  state.clear_rss();
  expected = device;
  expected.rss->enabled = 0;
  ExpectWritten(device, state, expected);
}

TEST(NetTest, AbsentSettingsAreThoseAfterAReset) {
  constexpr uint64_t kOffloads = net::kNetGuestCsum | net::kNetGuestTso4;
  TestNet device = WithPairs(3);
  device.features |= net::kNetCtrlGuestOffloads | net::kNetCtrlRx | kOffloads;
  device.macs = std::string("\x02\0\0\0\0\x77", 6);
  device.offloads = net::kNetGuestCsum;
  NetState state = StateOfDevice(device);
  EXPECT_EQ(state.guest_offloads(), net::kNetGuestCsum);
  EXPECT_THAT(state.mac_filter().unicast(), SizeIs(1));
  state.clear_active_queue_pairs();
  state.clear_guest_offloads();
  state.clear_mac_filter();
  TestNet expected = WithPairs(1);
  expected.features = device.features;
  expected.offloads = kOffloads;
  ExpectWritten(device, state, expected);
}

TEST(NetTest, PairsThatTheFileDoesNotHaveAreRefused) {
  constexpr absl::string_view kText =
      ": 5 pairs of queues in use; the device in the file has 4: take a file "
      "of the same guest";
  NetState state = StateOfDevice(WithPairs(2));
  state.mutable_config()->set_max_virtqueue_pairs(8);
  state.set_active_queue_pairs(5);
  EXPECT_THAT(
      RefusalsOf(WithPairs(2), state),
      ElementsAre(absl::StrCat("foreign-device: active_queue_pairs", kText)));
  state = StateOfDevice(WithRss());
  state.mutable_config()->set_max_virtqueue_pairs(8);
  state.mutable_rss()->set_max_tx_queues(5);
  EXPECT_THAT(
      RefusalsOf(WithRss(), state),
      ElementsAre(absl::StrCat("foreign-device: rss.max_tx_queues", kText)));
}

TEST(NetTest, HashThatTheFileDoesNotHaveIsRefused) {
  const auto findings = [](TestNet device) {
    const NetState state = StateOfDevice(device);
    device.rss.reset();
    return RefusalsOf(device, state);
  };
  constexpr absl::string_view kText =
      ": the driver has set it, and it has not in the file: take a file of the "
      "same guest";
  EXPECT_THAT(findings(WithRss()),
              ElementsAre(absl::StrCat("foreign-device: rss", kText)));
  EXPECT_THAT(findings(WithHash()),
              ElementsAre(absl::StrCat("foreign-device: hash", kText)));
}

TEST(NetTest, KeyThatQemuCannotHoldIsRefused) {
  constexpr absl::string_view kText =
      ": a key of 41 bytes; QEMU has up to 40: let the driver set a shorter "
      "one";
  NetState state = StateOfDevice(WithRss());
  state.mutable_config()->set_rss_max_key_size(64);
  state.mutable_rss()->set_key(std::string(41, 'k'));
  EXPECT_THAT(RefusalsOf(WithRss(), state),
              ElementsAre(absl::StrCat("foreign-device: rss.key", kText)));
  state = StateOfDevice(WithHash());
  state.mutable_config()->set_rss_max_key_size(64);
  state.mutable_hash()->set_key(std::string(41, 'k'));
  EXPECT_THAT(RefusalsOf(WithHash(), state),
              ElementsAre(absl::StrCat("foreign-device: hash.key", kText)));
}

TEST(NetTest, TableThatQemuCannotHoldIsRefused) {
  NetState state = StateOfDevice(WithRss());
  state.mutable_config()->set_rss_max_indirection_table_length(256);
  auto& table = *state.mutable_rss()->mutable_indirection_table();
  table.Resize(256, 0);
  EXPECT_THAT(RefusalsOf(WithRss(), state),
              ElementsAre("foreign-device: rss.indirection_table: 256 queues; "
                          "QEMU has up to 128: let the driver set a shorter "
                          "one"));
}

TEST(NetTest, RssWithoutAQueueIsRefused) {
  NetState state = StateOfDevice(WithRss());
  state.mutable_rss()->set_max_tx_queues(0);
  EXPECT_THAT(RefusalsOf(WithRss(), state),
              Contains(HasSubstr("RSS: 0 transmit queues, expected 1 to 4")));
}

TEST(NetTest, MoreAddressesThanQemuHoldsAreRefused) {
  const std::string bytes = Saved(EmulatedNet());
  auto state = ImportedState<NetState>(EmulatedNet(), bytes);
  for (int i = 0; i < 60; ++i) {
    state.mutable_mac_filter()->add_unicast(std::string("\x02\0\0\0\1", 5) +
                                            static_cast<char>(i));
  }
  EXPECT_THAT(ExportFindings(EmulatedNet(), bytes, state),
              ElementsAre("foreign-device: mac_filter: 66 addresses; QEMU has "
                          "up to 64"));
}

TEST(NetTest, OtherFeaturesAreRefused) {
  const TestNet device;
  NetState state = StateOfDevice(device);
  state.set_acked_features(kControlled ^ 1);
  EXPECT_THAT(RefusalsOf(device, state),
              ElementsAre("foreign-device: acked_features: 0x100020001, and "
                          "the driver in the file has negotiated 0x100020000: "
                          "take a file of the same guest"));
}

TEST(NetTest, OtherRingsAreRefused) {
  NetState state = StateOfDevice(TestNet());
  state.mutable_vrings()->RemoveLast();
  EXPECT_THAT(RefusalsOf(TestNet(), state),
              ElementsAre(HasSubstr("queue 1: it is set up in the file")));
}

TEST(NetTest, FileOfABrokenDeviceIsRefused) {
  const std::string bytes =
      TestNet().Encode() +
      std::string("\x05\x0dvirtio/broken\0\0\0\x01\x01", 20);
  EXPECT_THAT(ExportFindings(EmulatedNet(), bytes, StateOfDevice(TestNet())),
              ElementsAre(HasSubstr("the driver must reset it")));
}

TEST(NetTest, RequestsInFlightAreRefused) {
  const TestNet device;
  NetState state = StateOfDevice(device);
  auto& ring = *state.mutable_vrings(1)->mutable_split();
  ring.set_used_idx((ring.last_avail_idx() - 1) & 0xffff);
  auto& request = *state.add_inflight();
  request.set_vring(1);
  request.set_head(3);
  request.set_descriptor_count(1);
  EXPECT_THAT(
      RefusalsOf(device, state),
      ElementsAre("foreign-device: inflight: 1 requests in flight, of which "
                  "QEMU's virtio-net saves none: let the back-end answer "
                  "them"));
}

TEST(NetTest, CoalescingIsRefused) {
  constexpr absl::string_view kText =
      "foreign-device: coalescing: QEMU's virtio-net has none";
  TestNet device;
  device.features |= net::kNetNotfCoal | net::kNetVqNotfCoal;
  NetState state = StateOfDevice(device);
  state.mutable_coalescing()->mutable_receive()->set_max_packets(8);
  EXPECT_THAT(RefusalsOf(device, state), ElementsAre(kText));
  state.clear_coalescing();
  state.add_queue_coalescing()->mutable_coalescing()->set_max_packets(8);
  EXPECT_THAT(RefusalsOf(device, state), ElementsAre(kText));
}

TEST(NetTest, StateOfABackEndIsAdded) {
  const std::string bytes = Saved(EmulatedNet());
  const std::string state(70000, 's');
  const auto added = AddBackendState(bytes, state);
  ASSERT_THAT(added, IsOk());
  // The header of the subsection, and two chunks with the end.
  EXPECT_EQ(added->size(), bytes.size() + 2 + 25 + 4 + 4 + 70000 + 4 + 4);
  EXPECT_EQ(Import(EmulatedNet(), *added).status.code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(AddBackendState(*added, state).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(NetTest, StateOfABackEndComesAfterTheHash) {
  const TestNet device = WithRss();
  const auto added = AddBackendState(device.Encode(), "state");
  ASSERT_THAT(added, IsOk());
  const size_t backend = added->find("virtio-net-device/backend");
  EXPECT_LT(added->find("virtio-net-device/rss"), backend);
  EXPECT_LT(backend, added->find("virtio/64bit_features"));
}

}  // namespace
}  // namespace devstate::qemu::testing
