// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/gpio/check_gpio.h"

#include <cstdint>

#include "devices/gpio/v1/gpio.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckGpioTest
    : public testing::DeviceCheckTest<::devices::gpio::v1::GpioState> {
 protected:
  CheckGpioTest() : DeviceCheckTest(GpioType(), "gpio") {}
};

TEST_F(CheckGpioTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckGpioTest, LineBeyondTheirNumberIsRefused) {
  state_.mutable_lines(1)->set_number(3);
  EXPECT_THAT(Check(), Breaks("gpio-line", "lines[1].number"));
}

TEST_F(CheckGpioTest, EachLineHasAName) {
  state_.mutable_config()->mutable_names()->pop_back();
  EXPECT_THAT(Check(), Breaks("gpio-names", "config.names"));
}

TEST_F(CheckGpioTest, ValueOfAnInputIsRefused) {
  state_.mutable_lines(1)->set_value(1);
  EXPECT_THAT(Check(), Breaks("gpio-value", "lines[1].value"));
}

TEST_F(CheckGpioTest, InterruptOfAnOutputIsRefused) {
  state_.mutable_lines(0)->set_irq_type(1);
  EXPECT_THAT(Check(), Breaks("gpio-irq", "lines[0].irq_type"));
}

TEST_F(CheckGpioTest, PendingEdgeWithABufferIsRefused) {
  state_.mutable_lines(1)->set_irq_pending(true);
  EXPECT_THAT(Check(), Breaks("gpio-irq", "lines[1].irq_pending"));
}

TEST_F(CheckGpioTest, BufferOfALineWithoutInterruptIsRefused) {
  state_.mutable_lines(1)->set_irq_type(0);
  EXPECT_THAT(Check(), Breaks("gpio-irq-buffer", "lines[1].irq_head"));
}

TEST_F(CheckGpioTest, BufferThatIsNotParkedIsRefused) {
  state_.mutable_lines(1)->set_irq_head(5);
  EXPECT_THAT(Check(), Breaks("gpio-irq-buffer", "lines[1].irq_head"));
}

TEST_F(CheckGpioTest, BufferOfTwoLinesIsRefused) {
  *state_.add_lines() = state_.lines(1);
  state_.mutable_lines(2)->set_number(1);
  EXPECT_THAT(Check(), Breaks("gpio-irq-buffer", "lines[2].irq_head"));
}

TEST_F(CheckGpioTest, BufferOfNoLineIsRefused) {
  state_.mutable_lines(1)->clear_irq_head();
  EXPECT_THAT(Check(), Breaks("gpio-irq-buffer", "parked"));
}

TEST_F(CheckGpioTest, InterruptNeedsItsFeature) {
  state_.set_acked_features(uint64_t{1} << 32);
  EXPECT_THAT(Check(), Breaks("feature-not-negotiated", "lines[1].irq_type"));
}

}  // namespace
}  // namespace devstate
