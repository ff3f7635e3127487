// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/net/check_rings.h"

#include <utility>

#include "absl/status/status.h"
#include "devstate/devices/net/check_model.h"
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

TEST(CheckRingsTest, SplitRingsWithRequestsInFlightAreAccepted) {
  NetModel model = MakeSplitModel();
  EXPECT_THAT(CheckModel(model), IsOk());
}

TEST(CheckRingsTest, PackedRingsWithRequestsInFlightAreAccepted) {
  NetModel model = MakePackedModel();
  EXPECT_THAT(CheckModel(model), IsOk());
}

TEST(CheckRingsTest, SplitRingSizeMustBeAPowerOfTwo) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).size = 100;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 0: its size 100 is no power of two"));
}

TEST(CheckRingsTest, SizeZeroIsRefused) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).size = 0;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 0: its size is 0"));
}

TEST(CheckRingsTest, PackedSizeZeroIsRefused) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).size = 0;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 0: its size is 0"));
}

TEST(CheckRingsTest, RingAboveTheDevicesSizeIsTooMuch) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).size = 32768;
  EXPECT_THAT(CheckModel(model), IsTooMuch("its size 32768 is above 1024"));
}

TEST(CheckRingsTest, LastAvailIdxHas16Bits) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).last_avail_idx = 65536;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 0: last_avail_idx 65536 is not below 65536"));
}

TEST(CheckRingsTest, UsedIdxHas16Bits) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).used_idx = 65543;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 0: used_idx 65543 is not below 65536"));
}

TEST(CheckRingsTest, NotifiedUsedIdxHas16Bits) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).notified_used_idx = 1 << 16;
  EXPECT_THAT(CheckModel(model), IsInvalid("notified_used_idx 65536"));
}

TEST(CheckRingsTest, IndicesAreAtMostTheSizeApart) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).last_avail_idx = 7 + 257;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("used_idx 7 is 257 behind last_avail_idx 264"));
}

TEST(CheckRingsTest, UsedIdxAheadOfLastAvailIdxIsRefused) {
  NetModel model = MakeSplitModel();
  std::get<SplitPosition>(model.rings[0].position).used_idx = 8;
  EXPECT_THAT(CheckModel(model), IsInvalid("used_idx 8 is 65535 behind"));
}

TEST(CheckRingsTest, NotifiedPositionNeedsEventIdx) {
  NetModel model = MakeSplitModel();
  model.acked_features &= ~kRingEventIdx;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("notified_used_idx without VIRTIO_F_EVENT_IDX"));
}

TEST(CheckRingsTest, PackedNotifiedPositionNeedsEventIdx) {
  NetModel model = MakePackedModel();
  model.acked_features &= ~kRingEventIdx;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("notified_used without VIRTIO_F_EVENT_IDX"));
}

TEST(CheckRingsTest, SplitRingAfterPackedWasNegotiatedIsRefused) {
  NetModel model = MakeSplitModel();
  model.acked_features |= kRingPacked;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 0: it is split"));
}

TEST(CheckRingsTest, PackedRingThatWasNotNegotiatedIsRefused) {
  NetModel model = MakePackedModel();
  model.acked_features &= ~kRingPacked;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 0: it is packed"));
}

TEST(CheckRingsTest, PackedAvailIdxIsBelowTheSize) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).avail_idx = 100;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 0: avail_idx 100 is not below 100"));
}

TEST(CheckRingsTest, PackedUsedIdxIsBelowTheSize) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).used_idx = 100;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 0: used_idx 100 is not below 100"));
}

TEST(CheckRingsTest, PackedNotifiedOffsetIsBelowTheSize) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).notified_used = 100;
  EXPECT_THAT(CheckModel(model), IsInvalid("the offset of notified_used 100"));
}

TEST(CheckRingsTest, PackedUsedAheadOfAvailInOneLapIsRefused) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).used_idx = 8;
  EXPECT_THAT(CheckModel(model), IsInvalid("of one lap"));
}

TEST(CheckRingsTest, PackedUsedMoreThanALapBehindIsRefused) {
  NetModel model = MakePackedModel();
  std::get<PackedPosition>(model.rings[0].position).used_wrap = false;
  std::get<PackedPosition>(model.rings[0].position).avail_idx = 8;
  EXPECT_THAT(CheckModel(model), IsInvalid("of two laps"));
}

TEST(CheckRingsTest, RingBeyondTheControlQueueIsRefused) {
  NetModel model = MakeSplitModel();
  model.rings[4].index = 5;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 5: the device has only 5 queues"));
}

TEST(CheckRingsTest, ControlQueueNeedsItsFeature) {
  NetModel model = MakeSplitModel();
  model = NetModel();
  model.acked_features = kVersion1;
  model.rings.push_back({2, true, SplitPosition{256, 0, 0, {}}});
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 2: the device has only 2 queues"));
}

TEST(CheckRingsTest, OneRingTwiceIsRefused) {
  NetModel model = MakeSplitModel();
  model.rings[2].index = 1;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 1: it occurs twice"));
}

TEST(CheckRingsTest, RingsOutOfOrderAreRefused) {
  NetModel model = MakeSplitModel();
  std::swap(model.rings[2], model.rings[3]);
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid("ring 2: it occurs twice or out of order, after ring 3"));
}

TEST(CheckRingsTest, HeadIsBelowTheRingsSize) {
  NetModel model = MakeSplitModel();
  model.requests[0].head = 256;
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid("ring 1: request with head 256, which is not below 256"));
}

TEST(CheckRingsTest, HeadOfAPackedRingIsABufferIdOf16Bits) {
  NetModel model = MakePackedModel();
  model.requests[0].head = 65535;
  EXPECT_THAT(CheckModel(model), IsOk());
}

TEST(CheckRingsTest, BufferIdAbove16BitsIsRefused) {
  NetModel model = MakePackedModel();
  model.requests[0].head = 65536;
  EXPECT_THAT(CheckModel(model), IsInvalid("not below 65536"));
}

TEST(CheckRingsTest, OneHeadTwiceIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[1].head = 5;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 1: two requests with head 5"));
}

TEST(CheckRingsTest, OneSequenceTwiceIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[1].sequence = 100;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 1: two requests with sequence 100"));
}

TEST(CheckRingsTest, RequestOfARingThatIsNotSetUpIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[1].ring = 9;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 9: it is not set up"));
}

TEST(CheckRingsTest, RequestInAReceiveQueueIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[1].ring = 2;
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid("ring 2: request with head 6 in flight in a receive queue"));
}

TEST(CheckRingsTest, RequestInTheControlQueueIsAccepted) {
  NetModel model = MakeSplitModel();
  model.requests[1].ring = 4;
  std::get<SplitPosition>(model.rings[1].position).used_idx = 0;
  std::get<SplitPosition>(model.rings[4].position).used_idx = 6;
  EXPECT_THAT(CheckModel(model), IsOk());
}

TEST(CheckRingsTest, MissingRequestIsFound) {
  NetModel model = MakeSplitModel();
  model.requests.pop_back();
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 1: its position says that 2 requests are in "
                        "flight, and there are 1"));
}

TEST(CheckRingsTest, RequestThatThePositionDoesNotKnowIsFound) {
  NetModel model = MakeSplitModel();
  model.requests.push_back({3, 1, 1, 1, {}});
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 3: its position says that 0 requests"));
}

TEST(CheckRingsTest, PackedPositionsCountDescriptors) {
  NetModel model = MakePackedModel();
  model.requests[0].descriptor_count = 1;
  model.requests[0].descriptors.pop_back();
  EXPECT_THAT(CheckModel(model),
              IsInvalid("ring 1: its position says that 4 descriptors are in "
                        "flight, and there are 3"));
}

TEST(CheckRingsTest, RequestWithoutDescriptorsIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[0].descriptor_count = 0;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("has 0 descriptors, expected 1 to 256"));
}

TEST(CheckRingsTest, ChainLongerThanTheRingIsRefused) {
  NetModel model = MakeSplitModel();
  model.requests[0].descriptor_count = 257;
  EXPECT_THAT(CheckModel(model),
              IsInvalid("has 257 descriptors, expected 1 to 256"));
}

TEST(CheckRingsTest, ChainsThatTheRingHasNoRoomForAreRefused) {
  NetModel model = MakeSplitModel();
  model.requests[0].descriptor_count = 255;
  EXPECT_THAT(
      CheckModel(model),
      IsInvalid("requests with 257 descriptors in flight, its size is 256"));
}

TEST(CheckRingsTest, SplitRequestCarriesNoDescriptors) {
  NetModel model = MakeSplitModel();
  model.requests[0].descriptors.resize(2);
  EXPECT_THAT(CheckModel(model),
              IsInvalid("carries 2 descriptors, expected 0 in a split ring"));
}

TEST(CheckRingsTest, PackedRequestCarriesItsChain) {
  NetModel model = MakePackedModel();
  model.requests[0].descriptors.clear();
  EXPECT_THAT(CheckModel(model),
              IsInvalid("carries 0 descriptors, expected 2 in a packed ring"));
}

TEST(CheckRingsTest, DescriptorFlagsHave16Bits) {
  NetModel model = MakePackedModel();
  model.requests[0].descriptors[1].flags = 1 << 16;
  EXPECT_THAT(CheckModel(model), IsInvalid("flags 0x10000, more than 16 bits"));
}

TEST(CheckRingsTest, CoalescingOfAnAbsentQueueIsRefused) {
  NetModel model = MakeSplitModel();
  model.queue_coalescing[0].ring = 70;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 70: coalescing"));
}

TEST(CheckRingsTest, CoalescingOfTheControlQueueIsRefused) {
  NetModel model = MakeSplitModel();
  model.queue_coalescing[0].ring = 4;
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 4: coalescing"));
}

TEST(CheckRingsTest, OneQueueHasOneCoalescing) {
  NetModel model = MakeSplitModel();
  model.queue_coalescing.push_back({0, {}});
  EXPECT_THAT(CheckModel(model), IsInvalid("ring 0: two coalescing settings"));
}

}  // namespace
}  // namespace devstate::net
