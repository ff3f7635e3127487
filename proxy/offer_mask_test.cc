// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/offer_mask.h"

#include <cstdint>

#include "absl/status/status.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;
using vhost_user::Message;

Message Of(uint32_t request, uint64_t value) {
  return vhost_user::MakeReply(request, vhost_user::U64Payload(value));
}

uint64_t Masked(const OfferMask& mask, uint32_t request, uint64_t value) {
  Message reply = Of(request, value);
  mask.Apply(&reply);
  return vhost_user::ReadU64(reply.payload, 0);
}

BackendCapabilities Lesser() {
  BackendCapabilities capabilities;
  capabilities.add_virtio_features()->set_bit(32);
  capabilities.add_protocol_features()->set_bit(3);
  capabilities.set_queues(2);
  capabilities.set_memory_slots(8);
  return capabilities;
}

TEST(OfferMaskTest, WithoutARestrictionAllButRoundsIsOffered) {
  const OfferMask mask;
  EXPECT_EQ(Masked(mask, vhost_user::kGetFeatures, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(Masked(mask, vhost_user::kGetProtocolFeatures, UINT64_MAX),
            ~vhost_user::kProtocolFRounds);
  EXPECT_THAT(mask.CheckAcknowledged(Of(vhost_user::kSetFeatures, UINT64_MAX)),
              IsOk());
}

TEST(OfferMaskTest, WhatTheOtherHasNotIsNotOffered) {
  OfferMask mask;
  mask.Restrict(Lesser());
  EXPECT_EQ(Masked(mask, vhost_user::kGetFeatures, 0x3'00000000),
            0x1'00000000u);
  EXPECT_EQ(Masked(mask, vhost_user::kGetProtocolFeatures, 0xff), 0x08u);
  EXPECT_EQ(Masked(mask, vhost_user::kGetQueueNum, 16), 2u);
  EXPECT_EQ(Masked(mask, vhost_user::kGetQueueNum, 1), 1u);
  EXPECT_EQ(Masked(mask, vhost_user::kGetMaxMemSlots, 509), 8u);
}

TEST(OfferMaskTest, OtherRepliesStayAsTheyAre) {
  OfferMask mask;
  mask.Restrict(BackendCapabilities());
  EXPECT_EQ(Masked(mask, vhost_user::kGetVringBase, 0x3'00000000),
            0x3'00000000u);
  // What has no number is for the front-end to refuse.
  Message odd = vhost_user::MakeReply(vhost_user::kGetFeatures, "four");
  mask.Apply(&odd);
  EXPECT_EQ(odd.payload, "four");
}

TEST(OfferMaskTest, TheLeastOfSeveralIsOffered) {
  OfferMask mask;
  BackendCapabilities other = Lesser();
  other.set_queues(1);
  other.add_virtio_features()->set_bit(34);
  mask.Restrict(Lesser());
  mask.Restrict(other);
  EXPECT_EQ(Masked(mask, vhost_user::kGetFeatures, UINT64_MAX), 0x1'00000000u);
  EXPECT_EQ(Masked(mask, vhost_user::kGetQueueNum, 16), 1u);
}

TEST(OfferMaskTest, AcknowledgingWhatWasNotOfferedIsRefused) {
  OfferMask mask;
  mask.Restrict(Lesser());
  EXPECT_THAT(
      mask.CheckAcknowledged(Of(vhost_user::kSetFeatures, 0x1'00000000)),
      IsOk());
  EXPECT_THAT(
      mask.CheckAcknowledged(Of(vhost_user::kSetFeatures, 0x4'00000000)),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("VIRTIO_F_RING_PACKED (bit 34)")));
  EXPECT_THAT(
      mask.CheckAcknowledged(Of(vhost_user::kSetProtocolFeatures, 1 << 19)),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("(bit 19)")));
}

TEST(OfferMaskTest, BitsBeyondTheLastAreNone) {
  OfferMask mask;
  BackendCapabilities odd;
  odd.add_virtio_features()->set_bit(64);
  mask.Restrict(odd);
  EXPECT_EQ(Masked(mask, vhost_user::kGetFeatures, UINT64_MAX), 0u);
}

}  // namespace
}  // namespace devstate::proxy
