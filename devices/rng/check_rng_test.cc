// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/rng/check_rng.h"

#include <cstdint>

#include "devices/rng/v1/rng.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckRngTest
    : public testing::DeviceCheckTest<::devices::rng::v1::RngState> {
 protected:
  CheckRngTest() : DeviceCheckTest(RngType(), "rng") {}
};

TEST_F(CheckRngTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckRngTest, RestAboveTheQuotaIsRefused) {
  state_.mutable_quota()->set_remaining_bytes(65537);
  EXPECT_THAT(Check(), Breaks("rng-quota", "quota.remaining_bytes"));
}

TEST_F(CheckRngTest, BudgetAboveTheBucketIsRefused) {
  state_.mutable_rate_limiter()->mutable_bandwidth()->set_budget(65537);
  EXPECT_THAT(Check(), Breaks("token-bucket", "rate_limiter.bandwidth"));
}

TEST_F(CheckRngTest, OperationsAboveTheBucketAreRefused) {
  state_.mutable_rate_limiter()->mutable_operations()->set_budget(101);
  EXPECT_THAT(Check(), Breaks("token-bucket", "rate_limiter.operations"));
}

TEST_F(CheckRngTest, SecondQueueIsRefused) {
  state_.mutable_vrings(0)->set_index(1);
  EXPECT_THAT(Check(), Breaks("ring-index", "vrings[0]"));
}

}  // namespace
}  // namespace devstate
