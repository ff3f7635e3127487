// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/device_setup.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::CountOpenFds;
using ::devstate::testing::FdRoom;
using ::devstate::testing::IsOk;
using ::devstate::testing::SomeFds;
using ::devstate::testing::StatusIs;
using ::devstate::testing::TwoU32;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vhost_user::Message;
using vhost_user::U64Payload;

constexpr uint64_t kFeatures =
    vhost_user::kVirtioFVersion1 | vhost_user::kVhostUserFProtocolFeatures;
constexpr uint64_t kProtocol =
    vhost_user::kProtocolFReplyAck | vhost_user::kProtocolFConfigureMemSlots;

Message Request(uint32_t request, std::string payload = "", int fds = 0) {
  Message message;
  message.request = request;
  message.payload = std::move(payload);
  message.fds = SomeFds(fds);
  return message;
}

std::string Region(uint64_t guest_address, uint64_t size) {
  return U64Payload(0) + U64Payload(guest_address) + U64Payload(size) +
         U64Payload(guest_address + (1 << 30)) + U64Payload(0);
}

std::string Address(uint32_t ring) {
  return TwoU32(ring, 0) + std::string(32, '\x01');
}

// What QEMU sends until a guest's driver runs.
void StartRing(DeviceSetup& setup, uint32_t ring) {
  setup.Remember(Request(vhost_user::kSetVringNum, TwoU32(ring, 128)), nullptr);
  setup.Remember(Request(vhost_user::kSetVringBase, TwoU32(ring, 0)), nullptr);
  setup.Remember(Request(vhost_user::kSetVringAddr, Address(ring)), nullptr);
  setup.Remember(Request(vhost_user::kSetVringKick, U64Payload(ring), 1),
                 nullptr);
  setup.Remember(Request(vhost_user::kSetVringCall, U64Payload(ring), 1),
                 nullptr);
  setup.Remember(Request(vhost_user::kSetVringEnable, TwoU32(ring, 1)),
                 nullptr);
}

void Negotiate(DeviceSetup& setup, uint64_t features = kFeatures,
               uint64_t protocol = kProtocol) {
  setup.Remember(
      Request(vhost_user::kSetProtocolFeatures, U64Payload(protocol)), nullptr);
  setup.Remember(Request(vhost_user::kSetOwner), nullptr);
  setup.Remember(Request(vhost_user::kSetFeatures, U64Payload(features)),
                 nullptr);
}

DeviceSetup Started() {
  DeviceSetup setup;
  Negotiate(setup);
  setup.Remember(Request(vhost_user::kAddMemReg, Region(0, 4096), 1), nullptr);
  StartRing(setup, 0);
  StartRing(setup, 1);
  return setup;
}

// "SET_VRING_KICK 0 +1" is a request about ring 0 with one descriptor.
std::vector<std::string> Names(const std::vector<ReplayStep>& steps) {
  std::vector<std::string> names;
  for (const ReplayStep& step : steps) {
    const Message& request = step.request;
    EXPECT_THAT(AdmitRequest(request), IsOk());
    std::string name = vhost_user::RequestName(request.request);
    if (request.payload.size() >= 4) {
      absl::StrAppend(&name, " ", vhost_user::ReadU32(request.payload, 0));
    }
    if (!request.fds.empty()) absl::StrAppend(&name, " +", request.fds.size());
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> Names(
    const absl::StatusOr<std::vector<ReplayStep>>& steps) {
  EXPECT_THAT(steps, IsOk());
  return steps.ok() ? Names(*steps) : std::vector<std::string>();
}

TEST(DeviceSetupTest, NothingThatWasNotSetIsReplayed) {
  const DeviceSetup setup;
  EXPECT_THAT(Names(setup.ProtocolFeatures()), IsEmpty());
  EXPECT_THAT(Names(setup.Introduction()), IsEmpty());
  EXPECT_THAT(Names(setup.Memory()), IsEmpty());
  EXPECT_THAT(Names(setup.Log()), IsEmpty());
  EXPECT_THAT(Names(setup.StopRings()), IsEmpty());
  EXPECT_THAT(Names(setup.StartRings()), IsEmpty());
}

TEST(DeviceSetupTest, RingsAreDisabledBeforeAnyIsStopped) {
  const DeviceSetup setup = Started();
  EXPECT_THAT(Names(setup.StopRings()),
              ElementsAre("SET_VRING_ENABLE 0", "SET_VRING_ENABLE 1",
                          "GET_VRING_BASE 0", "GET_VRING_BASE 1"));
  EXPECT_EQ(vhost_user::ReadU32(setup.StopRings()[0].request.payload, 4), 0u);
}

TEST(DeviceSetupTest, RingsStartWithTheirKicksAndAreEnabledLast) {
  EXPECT_THAT(
      Names(Started().StartRings()),
      ElementsAre("SET_VRING_NUM 0", "SET_VRING_BASE 0", "SET_VRING_ADDR 0",
                  "SET_VRING_NUM 1", "SET_VRING_BASE 1", "SET_VRING_ADDR 1",
                  "SET_VRING_CALL 0 +1", "SET_VRING_KICK 0 +1",
                  "SET_VRING_CALL 1 +1", "SET_VRING_KICK 1 +1",
                  "SET_VRING_ENABLE 0", "SET_VRING_ENABLE 1"));
}

TEST(DeviceSetupTest, AStoppedRingIsNotStartedByTheReplay) {
  DeviceSetup setup = Started();
  const Message reply =
      vhost_user::MakeReply(vhost_user::kGetVringBase, TwoU32(1, 77));
  setup.Remember(Request(vhost_user::kGetVringBase, TwoU32(1, 0)), &reply);
  EXPECT_EQ(setup.rings().at(1).base, 77u);
  EXPECT_FALSE(setup.rings().at(1).started);
  EXPECT_THAT(
      Names(setup.StartRings()),
      ElementsAre("SET_VRING_NUM 0", "SET_VRING_BASE 0", "SET_VRING_ADDR 0",
                  "SET_VRING_NUM 1", "SET_VRING_BASE 1", "SET_VRING_CALL 0 +1",
                  "SET_VRING_KICK 0 +1", "SET_VRING_CALL 1 +1",
                  "SET_VRING_ENABLE 0", "SET_VRING_ENABLE 1"));
}

TEST(DeviceSetupTest, ARingIsEnabledOnlyAfterFeaturesWereSet) {
  DeviceSetup setup;
  setup.Remember(Request(vhost_user::kSetVringEnable, TwoU32(0, 1)), nullptr);
  EXPECT_THAT(Names(setup.StartRings()), IsEmpty());
}

TEST(DeviceSetupTest, ResetDeviceStopsAndForgetsTheRings) {
  DeviceSetup setup = Started();
  setup.Remember(Request(vhost_user::kResetDevice), nullptr);
  EXPECT_FALSE(setup.any_ring_started());
  EXPECT_THAT(Names(setup.StopRings()), IsEmpty());
  EXPECT_THAT(Names(setup.StartRings()),
              ElementsAre("SET_VRING_NUM 0", "SET_VRING_NUM 1",
                          "SET_VRING_CALL 0 +1", "SET_VRING_CALL 1 +1"));
}

TEST(DeviceSetupTest, OnlyTheNewestCallDescriptorIsKept) {
  DeviceSetup setup = Started();
  const int before = CountOpenFds();
  for (int i = 0; i < 100; ++i) {
    setup.Remember(Request(vhost_user::kSetVringCall, U64Payload(0), 1),
                   nullptr);
  }
  EXPECT_EQ(CountOpenFds(), before);
}

TEST(DeviceSetupTest, LogAllIsHiddenUntilTheLoadIsOver) {
  DeviceSetup setup;
  Negotiate(setup, kFeatures | vhost_user::kVhostFLogAll);
  setup.Remember(
      Request(vhost_user::kSetLogBase, TwoU32(0, 0) + U64Payload(0), 1),
      nullptr);
  auto memory = setup.Memory();
  ASSERT_THAT(Names(memory), ElementsAre(HasSubstr("SET_FEATURES")));
  EXPECT_EQ(vhost_user::ReadU64((*memory)[0].request.payload, 0), kFeatures);
  auto log = setup.Log();
  ASSERT_THAT(Names(log),
              ElementsAre("SET_LOG_BASE 0 +1", HasSubstr("SET_FEATURES")));
  EXPECT_EQ(vhost_user::ReadU64((*log)[1].request.payload, 0),
            kFeatures | vhost_user::kVhostFLogAll);
  // The migration is over.
  setup.Remember(Request(vhost_user::kSetFeatures, U64Payload(kFeatures)),
                 nullptr);
  EXPECT_THAT(Names(setup.Log()), IsEmpty());
}

TEST(DeviceSetupTest, ThePresentRegionsAreReplayed) {
  DeviceSetup setup;
  Negotiate(setup);
  for (const uint64_t address : {0, 8192, 16384}) {
    setup.Remember(Request(vhost_user::kAddMemReg, Region(address, 4096), 1),
                   nullptr);
  }
  const int before = CountOpenFds();
  setup.Remember(Request(vhost_user::kRemMemReg, Region(8192, 4096)), nullptr);
  EXPECT_EQ(CountOpenFds(), before - 1);
  EXPECT_THAT(Names(setup.Memory()),
              ElementsAre(HasSubstr("SET_FEATURES"), "ADD_MEM_REG 0 +1",
                          "ADD_MEM_REG 0 +1"));
  // Another region that begins there is none that was added.
  setup.Remember(Request(vhost_user::kRemMemReg, Region(0, 8192)), nullptr);
  EXPECT_EQ(setup.regions().size(), 2u);
}

TEST(DeviceSetupTest, WithoutMemorySlotsOneTableIsReplayed) {
  DeviceSetup setup;
  Negotiate(setup, kFeatures, vhost_user::kProtocolFReplyAck);
  setup.Remember(Request(vhost_user::kSetMemTable,
                         TwoU32(2, 0) + Region(0, 4096).substr(8) +
                             Region(8192, 4096).substr(8),
                         2),
                 nullptr);
  EXPECT_THAT(Names(setup.Memory()),
              ElementsAre(HasSubstr("SET_FEATURES"), "SET_MEM_TABLE 2 +2"));
}

TEST(DeviceSetupTest, AcknowledgementsAreAskedForWhereTheyAreNegotiated) {
  for (const bool acknowledged : {false, true}) {
    DeviceSetup setup;
    Negotiate(setup, kFeatures, acknowledged ? kProtocol : 0);
    const auto steps = setup.Introduction();
    ASSERT_THAT(Names(steps), ElementsAre("SET_OWNER"));
    EXPECT_EQ((*steps)[0].acknowledged, acknowledged);
    EXPECT_EQ((*steps)[0].request.needs_reply(), acknowledged);
    EXPECT_FALSE(setup.ProtocolFeatures()[0].acknowledged);
  }
}

TEST(DeviceSetupTest, WhatTheBackEndRefusedIsNotReplayed) {
  DeviceSetup setup;
  Negotiate(setup);
  const Message refusal =
      vhost_user::MakeReply(vhost_user::kAddMemReg, U64Payload(1));
  setup.Remember(Request(vhost_user::kAddMemReg, Region(0, 4096), 1), &refusal);
  EXPECT_TRUE(setup.regions().empty());
  const Message consent =
      vhost_user::MakeReply(vhost_user::kAddMemReg, U64Payload(0));
  setup.Remember(Request(vhost_user::kAddMemReg, Region(0, 4096), 1), &consent);
  EXPECT_EQ(setup.regions().size(), 1u);
}

TEST(DeviceSetupTest, OneThatMayBeMovedIs) {
  EXPECT_THAT(DeviceSetup().CheckMovable(), IsOk());
  EXPECT_THAT(Started().CheckMovable(), IsOk());
}

TEST(DeviceSetupTest, TheMiddleOfASequenceIsNoTimeToMove) {
  DeviceSetup setup = Started();
  setup.Remember(Request(vhost_user::kSetVringEnable, TwoU32(0, 0)), nullptr);
  EXPECT_TRUE(setup.partly_enabled());
  setup.Remember(Request(vhost_user::kSetVringEnable, TwoU32(1, 0)), nullptr);
  EXPECT_FALSE(setup.partly_enabled());
  EXPECT_THAT(setup.CheckMovable(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("try again")));
}

TEST(DeviceSetupTest, ARingThatTheDriverLeavesOutForbidsNothing) {
  DeviceSetup setup = Started();
  EXPECT_FALSE(setup.partly_enabled());
  setup.Remember(Request(vhost_user::kSetVringEnable, TwoU32(2, 0)), nullptr);
  setup.Remember(Request(vhost_user::kSetVringKick, U64Payload(2), 1), nullptr);
  EXPECT_TRUE(setup.partly_enabled());
  EXPECT_THAT(setup.CheckMovable(), IsOk());
}

TEST(DeviceSetupTest, PostcopyForbidsMovingUntilItsEnd) {
  DeviceSetup setup = Started();
  setup.Remember(Request(vhost_user::kPostcopyAdvise), nullptr);
  EXPECT_THAT(
      setup.CheckMovable(),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("postcopy")));
  setup.Remember(Request(vhost_user::kPostcopyEnd), nullptr);
  EXPECT_THAT(setup.CheckMovable(), IsOk());
}

TEST(DeviceSetupTest, WhatCannotBeToldAgainForbidsMoving) {
  DeviceSetup iotlb = Started();
  iotlb.Remember(Request(vhost_user::kIotlbMsg, std::string(40, '\0')),
                 nullptr);
  EXPECT_THAT(iotlb.CheckMovable(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("unknown request 22")));
  DeviceSetup malformed = Started();
  malformed.Remember(Request(vhost_user::kSetVringNum, "short"), nullptr);
  EXPECT_THAT(malformed.CheckMovable(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("SET_VRING_NUM: payload of 5 bytes")));
  for (const uint64_t feature :
       {vhost_user::kVirtioFAccessPlatform, vhost_user::kVirtioFRingPacked}) {
    DeviceSetup setup;
    Negotiate(setup, kFeatures | feature);
    EXPECT_THAT(setup.CheckMovable(),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  }
}

TEST(DeviceSetupTest, RegionsBeyondTheLimitAreNotKept) {
  DeviceSetup setup;
  Negotiate(setup);
  for (uint64_t i = 0; i < DeviceSetup::kMaxRegions + 10; ++i) {
    setup.Remember(Request(vhost_user::kAddMemReg, Region(i * 4096, 4096), 1),
                   nullptr);
  }
  EXPECT_EQ(setup.regions().size(), DeviceSetup::kMaxRegions);
  EXPECT_THAT(setup.CheckMovable(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("regions of memory")));
}

TEST(DeviceSetupTest, ABackEndMustOfferWhatTheGuestUses) {
  DeviceSetup setup = Started();
  const Message queues =
      vhost_user::MakeReply(vhost_user::kGetQueueNum, U64Payload(2));
  setup.Remember(Request(vhost_user::kGetQueueNum), &queues);
  const Offer same = {kFeatures, kProtocol, 2, 8};
  EXPECT_THAT(setup.CheckCovered(same), IsOk());
  Offer offer = same;
  offer.features = vhost_user::kVirtioFVersion1;
  EXPECT_THAT(setup.CheckCovered(offer),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("features 0x40000000")));
  offer = same;
  offer.protocol_features = 0;
  EXPECT_THAT(setup.CheckCovered(offer),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("protocol features 0x8008")));
  offer = same;
  offer.queues = 1;
  EXPECT_THAT(setup.CheckCovered(offer),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("has 1 queues, the old one 2")));
  offer = same;
  offer.memory_slots = 0;
  EXPECT_THAT(setup.CheckCovered(offer),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("regions of memory")));
}

TEST(DeviceSetupTest, LogAllOfAMigrationNeedNotBeOffered) {
  DeviceSetup setup;
  Negotiate(setup, kFeatures | vhost_user::kVhostFLogAll);
  EXPECT_THAT(setup.CheckCovered({kFeatures, kProtocol, {}, {}}), IsOk());
}

TEST(DeviceSetupTest, AReplayWithoutRoomForDescriptorsFailsAndLeaksNone) {
  const DeviceSetup setup = Started();
  const int before = CountOpenFds();
  {
    const FdRoom room(1);
    EXPECT_THAT(setup.StartRings(),
                StatusIs(absl::StatusCode::kResourceExhausted,
                         HasSubstr("limit of open files")));
  }
  EXPECT_EQ(CountOpenFds(), before);
}

}  // namespace
}  // namespace devstate::proxy
