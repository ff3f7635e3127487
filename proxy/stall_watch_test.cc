// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/stall_watch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::SomeFds;
using ::devstate::testing::TwoU32;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using vhost_user::Message;
using vhost_user::U64Payload;

constexpr uint64_t kUserAddress = uint64_t{1} << 40;
constexpr uint64_t kUsedRing = 0x1000;
constexpr uint64_t kAvailableRing = 0x2000;

class StallWatchTest : public ::testing::Test {
 protected:
  StallWatchTest() : memory_(::memfd_create("guest", MFD_CLOEXEC)) {
    EXPECT_EQ(::ftruncate(memory_.get(), 0x3000), 0);
    Message region;
    region.request = vhost_user::kAddMemReg;
    region.payload = U64Payload(0) + U64Payload(0) + U64Payload(0x3000) +
                     U64Payload(kUserAddress) + U64Payload(0);
    region.fds.emplace_back(::dup(memory_.get()));
    setup_.Remember(std::move(region), nullptr);
    Tell(vhost_user::kSetVringAddr,
         TwoU32(0, 0) + U64Payload(kUserAddress) +
             U64Payload(kUserAddress + kUsedRing) +
             U64Payload(kUserAddress + kAvailableRing) + U64Payload(0));
    Tell(vhost_user::kSetVringKick, U64Payload(0), 1);
  }

  void Tell(uint32_t request, std::string payload, int fds = 0) {
    Message message;
    message.request = request;
    message.payload = std::move(payload);
    message.fds = SomeFds(fds);
    setup_.Remember(std::move(message), nullptr);
  }

  void SetIndex(uint64_t ring, uint16_t index) {
    ASSERT_EQ(::pwrite(memory_.get(), &index, sizeof(index),
                       static_cast<off_t>(ring + 2)),
              2);
  }

  std::vector<std::string> LookAfter(int seconds) {
    now_ += absl::Seconds(seconds);
    return watch_.Look(setup_, now_);
  }

  const FileDescriptor memory_;
  DeviceSetup setup_;
  StallWatch watch_;
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(StallWatchTest, ARingWithoutRequestsIsIdle) {
  EXPECT_THAT(LookAfter(0), IsEmpty());
  EXPECT_THAT(LookAfter(100), IsEmpty());
}

TEST_F(StallWatchTest, ARingWaitsWhileNoneOfItsRequestsIsDone) {
  constexpr absl::Duration kTime = absl::Seconds(1);
  SetIndex(kUsedRing, 0);
  SetIndex(kAvailableRing, 2);
  LookAfter(0);
  EXPECT_FALSE(watch_.waits(now_, kTime));
  EXPECT_TRUE(watch_.waits(now_ + kTime, kTime));
  SetIndex(kUsedRing, 1);
  LookAfter(1);
  EXPECT_FALSE(watch_.waits(now_, kTime));
}

TEST_F(StallWatchTest, AStallIsReportedOnceAndItsEnd) {
  SetIndex(kUsedRing, 0xffff);
  SetIndex(kAvailableRing, 2);
  EXPECT_THAT(LookAfter(0), IsEmpty());
  EXPECT_THAT(LookAfter(9), IsEmpty());
  EXPECT_THAT(LookAfter(1), ElementsAre(StartsWith("ring 0 stalls: 3 requests "
                                                   "and none done for 10s")));
  EXPECT_THAT(LookAfter(10), IsEmpty());
  SetIndex(kUsedRing, 1);
  EXPECT_THAT(LookAfter(1), ElementsAre("ring 0 goes on"));
  EXPECT_THAT(LookAfter(9), IsEmpty());
  EXPECT_THAT(LookAfter(1), ElementsAre(StartsWith("ring 0 stalls: 1 ")));
}

TEST_F(StallWatchTest, ARingThatDoesSomethingAndOneThatIsStoppedDoNotStall) {
  SetIndex(kAvailableRing, 100);
  for (uint16_t used = 0; used < 20; ++used) {
    SetIndex(kUsedRing, used);
    EXPECT_THAT(LookAfter(5), IsEmpty());
  }
  const Message base =
      vhost_user::MakeReply(vhost_user::kGetVringBase, TwoU32(0, 19));
  Message stop;
  stop.request = vhost_user::kGetVringBase;
  stop.payload = TwoU32(0, 0);
  setup_.Remember(std::move(stop), &base);
  EXPECT_THAT(LookAfter(100), IsEmpty());
}

}  // namespace
}  // namespace devstate::proxy
