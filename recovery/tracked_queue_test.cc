// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/tracked_queue.h"

#include <memory>
#include <utility>
#include <vector>

#include "devstate/recovery/inflight_region.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/test_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::recovery {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using virtqueue::Chain;
using virtqueue::TestDriver;

constexpr uint32_t kSize = 8;
constexpr uint32_t kRing = 3;
constexpr uint64_t kAt = TestDriver::kBuffers;

class TrackedQueueTest : public ::testing::TestWithParam<bool> {
 protected:
  TrackedQueueTest() : packed_(GetParam()), driver_(packed_, kSize) {
    MakeRegion();
  }

  void MakeRegion() {
    auto region = InflightRegion::Create(kRing + 1, kSize, packed_);
    ASSERT_THAT(region, IsOk());
    region_ = *std::move(region);
  }

  absl::StatusOr<std::unique_ptr<TrackedQueue>> TryOpen(
      uint32_t base, std::vector<virtio::Request> loaded = {},
      bool with_region = true) {
    const vhost_user::RingSetup setup = driver_.setup(base);
    TrackedQueueSetup tracked;
    tracked.ring = kRing;
    tracked.setup = &setup;
    tracked.packed = packed_;
    if (with_region) tracked.region = region_;
    tracked.loaded = std::move(loaded);
    return TrackedQueue::Open(tracked, driver_.memory());
  }
  std::unique_ptr<TrackedQueue> Open(uint32_t base) {
    auto queue = TryOpen(base);
    EXPECT_THAT(queue, IsOk());
    return *std::move(queue);
  }
  uint16_t Add(uint32_t length) {
    return driver_.Add(
        {{kAt, length, 0}, {kAt + 64, 1, virtqueue::kDescWrite}});
  }
  static std::vector<uint16_t> Ids(const std::vector<Chain>& chains) {
    std::vector<uint16_t> ids;
    for (const Chain& chain : chains) ids.push_back(chain.id);
    return ids;
  }

  const bool packed_;
  TestDriver driver_;
  std::shared_ptr<const InflightRegion> region_;
};

INSTANTIATE_TEST_SUITE_P(Rings, TrackedQueueTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) {
                           return info.param ? "Packed" : "Split";
                         });

// The front-end could not ask the dead process, and gives the base from before.
TEST_P(TrackedQueueTest, NextProcessSubmitsWhatWasNotAnswered) {
  auto queue = Open(driver_.first_base());
  const uint16_t first = Add(10);
  const uint16_t second = Add(11);
  const uint16_t third = Add(12);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(queue->Take(), IsOk());
  queue->Complete({{second, 1}});
  EXPECT_EQ(driver_.Next()->id, second);
  const uint16_t fourth = Add(13);
  queue.reset();

  queue = Open(driver_.first_base());
  const std::vector<Chain> again = queue->TakeResubmissions();
  EXPECT_THAT(Ids(again), ElementsAre(first, third));
  EXPECT_EQ(again[0].descriptors[0].length, 10u);
  EXPECT_EQ(again[1].descriptors[0].length, 12u);
  const auto next = queue->Take();
  ASSERT_THAT(next, IsOk());
  ASSERT_TRUE(next->has_value());
  EXPECT_EQ((*next)->id, fourth);
  queue->Complete({{fourth, 1}, {first, 1}, {third, 1}});
  EXPECT_EQ(driver_.Next()->id, fourth);
  EXPECT_EQ(driver_.Next()->id, first);
  EXPECT_EQ(driver_.Next()->id, third);
  EXPECT_FALSE(driver_.Next().has_value());
  EXPECT_THAT(Open(driver_.first_base())->TakeResubmissions(), IsEmpty());
}

TEST_P(TrackedQueueTest, StateCarriesRequestsToADeviceWithoutTheMemory) {
  auto queue = Open(driver_.first_base());
  Add(10);
  const uint16_t second = Add(11);
  const uint16_t third = Add(12);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(queue->Take(), IsOk());
  queue->Complete({{second, 1}});
  const std::vector<virtio::Request> requests = queue->Requests();
  const virtio::Ring ring = queue->Ring(true);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].ring, kRing);
  EXPECT_EQ(requests[1].head, third);
  EXPECT_EQ(requests[1].descriptor_count, 2u);
  EXPECT_EQ(requests[1].descriptors.size(), packed_ ? 2u : 0u);
  EXPECT_EQ(BaseOf(ring), queue->base());

  MakeRegion();
  for (const bool with_region : {false, true}) {
    auto loaded = TryOpen(BaseOf(ring), requests, with_region);
    ASSERT_THAT(loaded, IsOk());
    EXPECT_EQ((*loaded)->Requests().size(), 2u);
    const std::vector<Chain> again = (*loaded)->TakeResubmissions();
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[1].id, third);
    EXPECT_EQ(again[1].descriptors[0].length, 12u);
    EXPECT_EQ((*loaded)->base(), BaseOf(ring));
  }
  // And the memory has them now.
  EXPECT_EQ(Open(0)->TakeResubmissions().size(), 2u);
}

TEST_P(TrackedQueueTest, RequestInFlightCannotBeMadeAvailableAgain) {
  const auto queue = Open(driver_.first_base());
  const uint16_t id = Add(10);
  ASSERT_THAT(queue->Take(), IsOk());
  if (packed_) {
    Add(11);
    driver_.packed()[3].id = id;
  } else {
    driver_.available()[3] = id;
    driver_.available()[1] = 2;
  }
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(queue->Take(), invalid);
  // Nothing can be known of the ring any more.
  EXPECT_THAT(queue->Take(), invalid);
}

TEST_P(TrackedQueueTest, StateWhoseRequestsAreNotInTheRingIsRefused) {
  Add(10);
  virtio::Request request;
  request.head = packed_ ? 5 : kSize;
  request.descriptor_count = 3;
  EXPECT_THAT(TryOpen(driver_.first_base(), {request}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  request.head = 0;
  EXPECT_THAT(TryOpen(driver_.first_base(), {request}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// A front-end may take it away at any time.
TEST_P(TrackedQueueTest, RegionStaysMappedAsLongAsTheQueueLives) {
  const auto queue = Open(driver_.first_base());
  region_.reset();
  Add(10);
  EXPECT_THAT(queue->Take(), IsOk());
}

TEST_P(TrackedQueueTest, DamagedMemoryIsRefused) {
  Open(driver_.first_base());
  region_->queue(kRing)[10] = 1;  // the number of entries
  EXPECT_THAT(TryOpen(driver_.first_base()),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace devstate::recovery
