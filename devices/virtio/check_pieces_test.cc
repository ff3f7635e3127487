// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/virtio/check_pieces.h"

#include <cstdint>
#include <map>
#include <string>

#include "devices/virtio/v1/piece.pb.h"
#include "gtest/gtest.h"

namespace devstate::virtio {
namespace {

class CheckPiecesTest : public ::testing::Test {
 protected:
  void Add(uint64_t owner, uint64_t offset, const std::string& data) {
    auto& piece = *pieces_.Add();
    piece.set_owner(owner);
    piece.set_offset(offset);
    piece.set_data(data);
  }

  // Returns the first broken rule and its place; empty if there is none.
  std::string Check() const {
    BrokenRules broken;
    CheckPieces("data", pieces_, sizes_, &broken);
    if (broken.empty()) return "";
    return broken.kept()[0].rule + " " + broken.kept()[0].path;
  }

  google::protobuf::RepeatedPtrField<::devices::virtio::v1::Piece> pieces_;
  std::map<uint64_t, uint64_t> sizes_ = {{1, 6}, {2, 3}, {3, 0}};
};

TEST_F(CheckPiecesTest, WholeValuesAreAccepted) {
  Add(2, 0, "abc");
  Add(1, 0, "abcd");
  Add(1, 4, "ef");
  EXPECT_EQ(Check(), "");
}

TEST_F(CheckPiecesTest, PiecesOfAValueStandTogether) {
  Add(1, 0, "abcd");
  Add(2, 0, "abc");
  Add(1, 4, "ef");
  // Another value begins where this one has to go on.
  EXPECT_EQ(Check(), "piece-size data[1]");
  pieces_.Clear();
  Add(1, 0, "abcdef");
  Add(2, 0, "abc");
  Add(1, 0, "abcdef");
  EXPECT_EQ(Check(), "piece-order data[2]");
}

TEST_F(CheckPiecesTest, OverlapIsRefused) {
  Add(2, 0, "abc");
  Add(1, 0, "abcd");
  Add(1, 3, "def");
  EXPECT_EQ(Check(), "piece-order data[2]");
}

TEST_F(CheckPiecesTest, EmptyPieceIsRefused) {
  Add(2, 0, "abc");
  Add(1, 0, "");
  Add(1, 0, "abcdef");
  EXPECT_EQ(Check(), "piece-order data[1]");
}

TEST_F(CheckPiecesTest, OffsetAtTheEndOfAllNumbersIsRefused) {
  Add(2, 0, "abc");
  Add(1, UINT64_MAX, "abcdef");
  EXPECT_EQ(Check(), "piece-order data[1]");
}

TEST_F(CheckPiecesTest, MissingValueIsRefused) {
  Add(1, 0, "abcdef");
  EXPECT_EQ(Check(), "piece-size data");
}

TEST_F(CheckPiecesTest, ValueOfNobodyIsRefused) {
  Add(1, 0, "abcdef");
  Add(2, 0, "abc");
  Add(4, 0, "a");
  EXPECT_EQ(Check(), "piece-owner data[2]");
}

}  // namespace
}  // namespace devstate::virtio
