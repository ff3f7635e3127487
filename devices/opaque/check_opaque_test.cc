// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/opaque/check_opaque.h"

#include <cstdint>

#include "devices/opaque/v1/opaque.pb.h"
#include "devstate/devices/rules/check_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using testing::Breaks;
using testing::BreaksNothing;

class CheckOpaqueTest
    : public testing::DeviceCheckTest<::devices::opaque::v1::OpaqueState> {
 protected:
  CheckOpaqueTest() : DeviceCheckTest(OpaqueType(), "opaque") {}
};

TEST_F(CheckOpaqueTest, WholeStateIsAccepted) {
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckOpaqueTest, NoBytesAreAState) {
  state_.clear_pieces();
  state_.set_size(0);
  state_.set_sha256(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_THAT(Check(), BreaksNothing());
}

TEST_F(CheckOpaqueTest, GapIsRefused) {
  state_.mutable_pieces(1)->set_offset(8);
  EXPECT_THAT(Check(), Breaks("opaque-piece", "pieces[1]"));
}

TEST_F(CheckOpaqueTest, OverlapIsRefused) {
  state_.mutable_pieces(1)->set_offset(6);
  EXPECT_THAT(Check(), Breaks("opaque-piece", "pieces[1]"));
}

TEST_F(CheckOpaqueTest, OffsetAtTheEndOfAllNumbersIsRefused) {
  state_.mutable_pieces(0)->set_offset(UINT64_MAX);
  EXPECT_THAT(Check(), Breaks("opaque-piece", "pieces[0]"));
}

TEST_F(CheckOpaqueTest, EmptyPieceIsRefused) {
  state_.add_pieces()->set_offset(state_.size());
  EXPECT_THAT(Check(), Breaks("opaque-piece", "pieces[2]"));
}

TEST_F(CheckOpaqueTest, PieceOfAnotherOwnerIsRefused) {
  state_.mutable_pieces(1)->set_owner(1);
  EXPECT_THAT(Check(), Breaks("opaque-piece", "pieces[1]"));
}

TEST_F(CheckOpaqueTest, MissingEndIsRefused) {
  state_.mutable_pieces()->RemoveLast();
  EXPECT_THAT(Check(), Breaks("opaque-size", "size"));
}

TEST_F(CheckOpaqueTest, ChangedByteIsRefused) {
  state_.mutable_pieces(0)->mutable_data()->at(0) ^= 1;
  EXPECT_THAT(Check(), Breaks("opaque-digest", "sha256"));
}

}  // namespace
}  // namespace devstate
