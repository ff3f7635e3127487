// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/chain_buffers.h"

#include <cstring>
#include <string>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/test_driver.h"
#include "gtest/gtest.h"

namespace devstate::virtqueue {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;

constexpr uint64_t kAt = TestDriver::kBuffers;
constexpr uint64_t kEnd = TestDriver::kGuestBase + TestDriver::kMemorySize;

class ChainBuffersTest : public ::testing::Test {
 protected:
  absl::StatusOr<ChainBuffers> Find(std::vector<Descriptor> descriptors) {
    return FindBuffers({0, std::move(descriptors)}, driver_.memory());
  }

  TestDriver driver_{false, 8};
};

TEST_F(ChainBuffersTest, ReadAndWriteAreApart) {
  std::memcpy(driver_.At(kAt), "abc", 3);
  std::memcpy(driver_.At(kAt + 100), "def", 3);
  auto found =
      Find({{kAt, 3, 0}, {kAt + 100, 3, 0}, {kAt + 200, 9, kDescWrite}});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->readable.size(), 6u);
  EXPECT_EQ(found->writable.size(), 9u);
  char text[4];
  ASSERT_TRUE(found->readable.TakeFront(text, 4));
  EXPECT_EQ(std::string(text, 4), "abcd");
  EXPECT_EQ(found->readable.size(), 2u);
  EXPECT_FALSE(found->readable.TakeFront(text, 3));
  EXPECT_EQ(found->readable.size(), 2u);
}

TEST_F(ChainBuffersTest, BackIsSplitOffWhereverItLies) {
  auto found = Find({{kAt, 4, kDescWrite}, {kAt + 100, 1, kDescWrite}});
  ASSERT_THAT(found, IsOk());
  Buffers back;
  ASSERT_TRUE(found->writable.SplitBack(2, &back));
  EXPECT_EQ(found->writable.size(), 3u);
  ASSERT_TRUE(back.FillFront("xy", 2));
  EXPECT_EQ(*driver_.At(kAt + 3), 'x');
  EXPECT_EQ(*driver_.At(kAt + 100), 'y');
  EXPECT_FALSE(found->writable.SplitBack(4, &back));
}

TEST_F(ChainBuffersTest, BuffersOutsideOfGuestMemoryAreRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Find({{kEnd - 4, 4, 0}}), IsOk());
  EXPECT_THAT(Find({{kEnd - 4, 5, 0}}), invalid);
  EXPECT_THAT(Find({{kEnd, 1, 0}}), invalid);
  EXPECT_THAT(Find({{TestDriver::kGuestBase - 1, 2, 0}}), invalid);
  EXPECT_THAT(Find({{UINT64_MAX, 2, 0}}), invalid);
}

TEST_F(ChainBuffersTest, OrderAndSizesThatAreNotAllowedAreRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Find({{kAt, 1, kDescWrite}, {kAt, 1, 0}}), invalid);
  EXPECT_THAT(Find({{kAt, 0, 0}}), invalid);
}

}  // namespace
}  // namespace devstate::virtqueue
