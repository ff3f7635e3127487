// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/nvme/check_nvme.h"

#include <cstdint>

#include "devices/nvme/v1/nvme.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

constexpr char kAnswers[] = "submission_queues[1].completion_queue";

class CheckNvmeTest
    : public testing::DeviceCheckTest<::devices::nvme::v1::NvmeState> {
 protected:
  CheckNvmeTest() : DeviceCheckTest(NvmeType(), "nvme") {}
};

TEST_F(CheckNvmeTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNvmeTest, ControllerThatIsOffHasNoQueues) {
  state_.mutable_registers()->set_cc(0);
  state_.mutable_registers()->set_csts(0);
  EXPECT_THAT(Check(), Breaks("nvme-status", "registers.cc"));
  state_.clear_submission_queues();
  state_.clear_completion_queues();
  state_.clear_event_requests();
  state_.clear_events();
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNvmeTest, ControllerIsReadyOrOff) {
  state_.mutable_registers()->set_csts(0);
  EXPECT_THAT(Check(), Breaks("nvme-status", "registers.csts"));
}

TEST_F(CheckNvmeTest, ControllerThatHasFailedIsRefused) {
  state_.mutable_registers()->set_csts(3);
  EXPECT_THAT(Check(), Breaks("nvme-status", "registers.csts"));
}

TEST_F(CheckNvmeTest, AdminQueueIsThatOfTheRegisters) {
  state_.mutable_submission_queues(0)->set_address(0x7000);
  EXPECT_THAT(Check(), Breaks("nvme-admin-queue", "submission_queues"));
}

TEST_F(CheckNvmeTest, AdminQueueHasTheSizeOfTheRegisters) {
  state_.mutable_registers()->set_aqa(0x001f001e);
  EXPECT_THAT(Check(), Breaks("nvme-admin-queue", "submission_queues"));
}

TEST_F(CheckNvmeTest, AdminCompletionQueueIsNeeded) {
  state_.mutable_completion_queues()->DeleteSubrange(0, 1);
  EXPECT_THAT(Check(), Breaks("nvme-admin-queue", "completion_queues"));
}

TEST_F(CheckNvmeTest, CompletionQueueOfASubmissionQueueIsThere) {
  state_.mutable_submission_queues(1)->set_completion_queue(9);
  EXPECT_THAT(Check(), Breaks("nvme-completion-queue", kAnswers));
}

TEST_F(CheckNvmeTest, AdminCompletionQueueIsForTheAdminQueueAlone) {
  state_.mutable_submission_queues(1)->set_completion_queue(0);
  EXPECT_THAT(Check(), Breaks("nvme-completion-queue", kAnswers));
}

TEST_F(CheckNvmeTest, QueueIsNotLargerThanTheControllerAllows) {
  state_.mutable_submission_queues(1)->set_size(257);
  EXPECT_THAT(Check(), Breaks("nvme-queue-size", "submission_queues[1].size"));
}

TEST_F(CheckNvmeTest, HeadIsWithinTheQueue) {
  state_.mutable_submission_queues(1)->set_head(256);
  EXPECT_THAT(Check(), Breaks("nvme-position", "submission_queues[1].head"));
}

TEST_F(CheckNvmeTest, TailIsWithinTheQueue) {
  state_.mutable_completion_queues(1)->set_tail(256);
  EXPECT_THAT(Check(), Breaks("nvme-position", "completion_queues[1].tail"));
}

TEST_F(CheckNvmeTest, QueueBeginsWithAPage) {
  state_.mutable_completion_queues(1)->set_address(0x12345040);
  EXPECT_THAT(Check(), Breaks("nvme-address", "completion_queues[1].address"));
}

TEST_F(CheckNvmeTest, PagesAreOfTheSizeThatTheDriverChose) {
  // CC.MPS: 8 KiB.
  state_.mutable_registers()->set_cc(state_.registers().cc() | 1 << 7);
  EXPECT_THAT(Check(), Breaks("nvme-address", "submission_queues[1].address"));
}

TEST_F(CheckNvmeTest, ShadowDoorbellsBeginWithAPage) {
  state_.mutable_shadow_doorbells()->set_event_indices(0x1004);
  EXPECT_THAT(Check(), Breaks("nvme-address", "shadow_doorbells"));
}

TEST_F(CheckNvmeTest, EventIsReportedIfItCanBe) {
  state_.set_masked_event_types(0);
  EXPECT_THAT(Check(), Breaks("nvme-event", "events[0]"));
  state_.clear_event_requests();
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckNvmeTest, QueueOccursOnce) {
  *state_.add_submission_queues() = state_.submission_queues(1);
  EXPECT_THAT(Check(), Breaks("not-unique", "submission_queues"));
}

}  // namespace
}  // namespace devstate
