// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/scsi/check_scsi.h"

#include <cstdint>

#include "devices/scsi/v1/scsi.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckScsiTest
    : public testing::DeviceCheckTest<::devices::scsi::v1::ScsiState> {
 protected:
  CheckScsiTest() : DeviceCheckTest(ScsiType(), "scsi") {}
};

TEST_F(CheckScsiTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckScsiTest, TargetIsWithinTheDevice) {
  state_.mutable_config()->set_max_target(0);
  EXPECT_THAT(Check(), Breaks("scsi-lun", "luns[1].target"));
}

TEST_F(CheckScsiTest, UnitIsWithinTheDevice) {
  state_.mutable_config()->set_max_lun(4);
  EXPECT_THAT(Check(), Breaks("scsi-lun", "luns[1].lun"));
}

TEST_F(CheckScsiTest, EventIsOfATargetOfTheDevice) {
  state_.mutable_config()->set_max_target(1);
  EXPECT_THAT(Check(), Breaks("scsi-lun", "events[0].target"));
}

TEST_F(CheckScsiTest, TransportResetNeedsHotplug) {
  state_.set_acked_features(uint64_t{1} << 32 | 4);
  EXPECT_THAT(Check(), Breaks("scsi-events", "events[0].type"));
}

TEST_F(CheckScsiTest, ChangeNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32 | 2);
  state_.mutable_events(0)->set_type(3);
  EXPECT_THAT(Check(), Breaks("scsi-events", "events[0].type"));
}

TEST_F(CheckScsiTest, MissedEventsNeedAFeature) {
  state_.set_acked_features(uint64_t{1} << 32);
  EXPECT_THAT(Check(), Breaks("scsi-events", "events_missed"));
}

TEST_F(CheckScsiTest, BudgetAboveTheBucketIsRefused) {
  state_.mutable_rate_limiter()->mutable_operations()->set_budget(1001);
  EXPECT_THAT(Check(), Breaks("token-bucket", "rate_limiter.operations"));
}

TEST_F(CheckScsiTest, QueueBeyondTheirNumberIsRefused) {
  state_.mutable_config()->set_num_queues(1);
  EXPECT_THAT(Check(), Breaks("ring-index", "vrings[3]"));
}

TEST_F(CheckScsiTest, OneUnitTwiceIsRefused) {
  *state_.add_luns() = state_.luns(0);
  EXPECT_THAT(Check(), Breaks("not-unique", "luns"));
}

TEST_F(CheckScsiTest, CommandInTheQueueOfEventsIsRefused) {
  state_.mutable_inflight(0)->set_vring(1);
  EXPECT_THAT(Check(), Breaks("request-ring", "inflight[0]"));
}

}  // namespace
}  // namespace devstate
