// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What both kinds of ring promise, and what each refuses of a hostile driver.

#include "devstate/transport/virtqueue/virtqueue.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/test_driver.h"
#include "gtest/gtest.h"

namespace devstate::virtqueue {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;

constexpr uint32_t kSize = 8;
constexpr uint64_t kAt = TestDriver::kBuffers;

class VirtqueueTest : public ::testing::TestWithParam<bool> {
 protected:
  VirtqueueTest() : driver_(GetParam(), kSize) {}

  std::unique_ptr<Virtqueue> Open(uint32_t base) {
    auto queue =
        OpenVirtqueue(driver_.setup(base), GetParam(), driver_.memory());
    EXPECT_THAT(queue, IsOk());
    return *std::move(queue);
  }
  std::unique_ptr<Virtqueue> Open() { return Open(driver_.first_base()); }
  Chain Take(Virtqueue& queue) {
    auto chain = queue.Take();
    EXPECT_THAT(chain, IsOk());
    EXPECT_TRUE(chain->has_value());
    return **std::move(chain);
  }
  void Answer(Virtqueue& queue, const Chain& chain, uint32_t written) {
    queue.Publish(
        {{chain.id, static_cast<uint16_t>(chain.descriptors.size()), written}});
  }

  TestDriver driver_;
};

INSTANTIATE_TEST_SUITE_P(Rings, VirtqueueTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "Packed" : "Split";
                         });

TEST_P(VirtqueueTest, EmptyRingHasNoChain) {
  const auto chain = Open()->Take();
  ASSERT_THAT(chain, IsOk());
  EXPECT_FALSE(chain->has_value());
}

TEST_P(VirtqueueTest, ChainsComeInOrderAndAnswersInAny) {
  const std::unique_ptr<Virtqueue> queue = Open();
  const uint16_t first = driver_.Add({{kAt, 16, 0}, {kAt + 64, 1, kDescWrite}});
  const uint16_t second = driver_.Add({{kAt + 128, 4, kDescWrite}});
  const Chain one = Take(*queue);
  const Chain two = Take(*queue);
  EXPECT_EQ(one.id, first);
  ASSERT_EQ(one.descriptors.size(), 2u);
  EXPECT_EQ(one.descriptors[1].address, kAt + 64);
  EXPECT_EQ(one.descriptors[1].length, 1u);
  EXPECT_EQ(two.id, second);
  EXPECT_FALSE(driver_.Next().has_value());
  Answer(*queue, two, 4);
  Answer(*queue, one, 1);
  const auto answer = driver_.Next();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->id, second);
  EXPECT_EQ(answer->written, 4u);
  EXPECT_EQ(driver_.Next()->id, first);
}

TEST_P(VirtqueueTest, GoesRoundManyTimesFromAnyBase) {
  std::unique_ptr<Virtqueue> queue = Open();
  for (uint32_t i = 0; i < 20 * kSize; ++i) {
    const uint16_t id = driver_.Add({{kAt, 8, 0}, {kAt, 8, 0}, {kAt, 8, 0}});
    const Chain chain = Take(*queue);
    EXPECT_EQ(chain.descriptors.size(), 3u);
    // Another device goes on where this one stops.
    if (i % 3 == 0) queue = Open(queue->base());
    Answer(*queue, chain, i);
    const auto answer = driver_.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->id, id);
    EXPECT_EQ(answer->written, i);
  }
}

TEST_P(VirtqueueTest, DriverMaySuppressNotifications) {
  const std::unique_ptr<Virtqueue> queue = Open();
  EXPECT_TRUE(queue->WantsNotification());
  driver_.Suppress(true);
  EXPECT_FALSE(queue->WantsNotification());
}

TEST_P(VirtqueueTest, IndirectDescriptorIsRefused) {
  const std::unique_ptr<Virtqueue> queue = Open();
  driver_.Add({{kAt, 16, kDescIndirect}});
  EXPECT_THAT(queue->Take(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(VirtqueueTest, RingOutsideOfGuestMemoryIsRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  vhost_user::RingSetup setup = driver_.setup();
  setup.address.descriptors =
      TestDriver::kUserBase + TestDriver::kMemorySize - 16;
  EXPECT_THAT(OpenVirtqueue(setup, GetParam(), driver_.memory()), invalid);
  setup = driver_.setup();
  setup.address.available = 2;
  EXPECT_THAT(OpenVirtqueue(setup, GetParam(), driver_.memory()), invalid);
  setup = driver_.setup();
  setup.address.descriptors += 8;
  EXPECT_THAT(OpenVirtqueue(setup, GetParam(), driver_.memory()), invalid);
}

TEST_P(VirtqueueTest, SizeOfNoRingIsRefused) {
  for (const uint32_t size : {0u, 32769u, UINT32_MAX}) {
    vhost_user::RingSetup setup = driver_.setup();
    setup.size = size;
    EXPECT_THAT(OpenVirtqueue(setup, GetParam(), driver_.memory()),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << size;
  }
}

TEST(SplitVirtqueueTest, LoopEndsAfterAsManyDescriptorsAsTheRingHas) {
  TestDriver driver(false, kSize);
  const auto queue = OpenVirtqueue(driver.setup(), false, driver.memory());
  ASSERT_THAT(queue, IsOk());
  const uint16_t id = driver.Add({{kAt, 16, 0}, {kAt, 16, 0}});
  SplitDescriptor& second = driver.split()[driver.split()[id].next];
  second.flags = kDescNext;
  second.next = id;
  EXPECT_THAT((*queue)->Take(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SplitVirtqueueTest, IndicesBeyondTheRingAreRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  {
    TestDriver driver(false, kSize);
    const auto queue = OpenVirtqueue(driver.setup(), false, driver.memory());
    driver.Add({{kAt, 16, 0}});
    driver.available()[2] = kSize;
    EXPECT_THAT((*queue)->Take(), invalid);
  }
  {
    TestDriver driver(false, kSize);
    const auto queue = OpenVirtqueue(driver.setup(), false, driver.memory());
    const uint16_t id = driver.Add({{kAt, 16, 0}, {kAt, 16, 0}});
    driver.split()[id].next = kSize;
    EXPECT_THAT((*queue)->Take(), invalid);
  }
  {
    TestDriver driver(false, kSize);
    const auto queue = OpenVirtqueue(driver.setup(), false, driver.memory());
    driver.available()[1] = kSize + 1;
    EXPECT_THAT((*queue)->Take(), invalid);
  }
}

TEST(PackedVirtqueueTest, ChainWithoutAnEndIsRefused) {
  TestDriver driver(true, kSize);
  const auto queue =
      OpenVirtqueue(driver.setup(driver.first_base()), true, driver.memory());
  ASSERT_THAT(queue, IsOk());
  for (uint32_t i = 0; i < kSize; ++i) {
    driver.packed()[i] = {kAt, 16, 0, kDescAvail | kDescNext};
  }
  EXPECT_THAT((*queue)->Take(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PackedVirtqueueTest, BaseBeyondTheRingIsRefused) {
  TestDriver driver(true, kSize);
  EXPECT_THAT(OpenVirtqueue(driver.setup(kSize), true, driver.memory()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PackedVirtqueueTest, BaseHasBothPlaces) {
  const RingPosition position = PackedPosition(0x0003'8005);
  EXPECT_EQ(position.avail.index, 5);
  EXPECT_TRUE(position.avail.wrap);
  EXPECT_EQ(position.used.index, 3);
  EXPECT_FALSE(position.used.wrap);
  EXPECT_EQ(PackedBase(position), 0x0003'8005u);
}

}  // namespace
}  // namespace devstate::virtqueue
