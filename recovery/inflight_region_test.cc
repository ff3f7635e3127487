// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/inflight_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/packed_inflight.h"
#include "devstate/recovery/split_inflight.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate::recovery {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using vhost_user::InflightMemory;

InflightMemory Memory(uint64_t file_size, uint64_t offset, uint64_t size,
                      uint16_t queues = 1, uint16_t queue_size = 128) {
  InflightMemory memory;
  memory.description = {size, offset, queues, queue_size};
  memory.fd = FileDescriptor(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(memory.fd.get(), static_cast<off_t>(file_size)), 0);
  return memory;
}

TEST(InflightRegionTest, WhatOneProcessRecordsTheNextOneFinds) {
  const auto made = InflightRegion::Create(2, 128, false);
  ASSERT_THAT(made, IsOk());
  SplitInflight first((*made)->queue(1), 128);
  ASSERT_THAT(first.Recover(128, 7), IsOk());
  first.Begin();
  first.Take(5);
  auto shared = (*made)->Share();
  ASSERT_THAT(shared, IsOk());
  EXPECT_EQ(shared->description.mmap_size, 2 * InflightStride(false, 128));

  const auto mapped = InflightRegion::Map(*std::move(shared), false);
  ASSERT_THAT(mapped, IsOk());
  SplitInflight second((*mapped)->queue(1), 128);
  const auto requests = second.Recover(128, 7);
  ASSERT_THAT(requests, IsOk());
  ASSERT_EQ(requests->size(), 1u);
  EXPECT_EQ((*requests)[0].entry, 5);
  SplitInflight other((*mapped)->queue(0), 128);
  ASSERT_THAT(other.Recover(128, 7), IsOk());
  EXPECT_TRUE(other.fresh());
}

TEST(InflightRegionTest, NobodyCanShrinkWhatItMade) {
  const auto made = InflightRegion::Create(1, 128, true);
  ASSERT_THAT(made, IsOk());
  const auto shared = (*made)->Share();
  ASSERT_THAT(shared, IsOk());
  EXPECT_NE(::ftruncate(shared->fd.get(), 0), 0);
}

// Another implementation may be the first that uses it, and may begin without
// making the list of free entries.
TEST(InflightRegionTest, FreshPackedMemoryHasItsFreeList) {
  const auto made = InflightRegion::Create(1, 4, true);
  ASSERT_THAT(made, IsOk());
  const auto header = LoadFrom<PackedInflightHeader>((*made)->queue(0));
  EXPECT_EQ(header.heads.version, 0);
  EXPECT_EQ(header.used.used_wrap_counter, 1);
  EXPECT_EQ(header.used.old_used_wrap_counter, 1);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(LoadFrom<PackedInflightEntry>((*made)->queue(0) + sizeof(header) +
                                            32 * i)
                  .next,
              i + 1);
  }
}

TEST(InflightRegionTest, MemoryBeyondItsFileIsRefused) {
  const uint64_t size = InflightStride(false, 128);
  EXPECT_THAT(InflightRegion::Map(Memory(size, 0, size), false), IsOk());
  EXPECT_THAT(InflightRegion::Map(Memory(size + 4096, 4096, size), false),
              IsOk());
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(InflightRegion::Map(Memory(size - 1, 0, size), false), invalid);
  EXPECT_THAT(InflightRegion::Map(Memory(size, 4096, size), false), invalid);
  EXPECT_THAT(InflightRegion::Map(Memory(2 * size, 64, size), false), invalid);
  EXPECT_THAT(
      InflightRegion::Map(Memory(size, uint64_t{0} - 4096, size), false),
      invalid);
  EXPECT_THAT(InflightRegion::Map(Memory(size, 0, uint64_t{0} - 4096), false),
              invalid);
}

TEST(InflightRegionTest, MemoryTooSmallForItsQueuesIsRefused) {
  const uint64_t size = InflightStride(false, 128);
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(InflightRegion::Map(Memory(size, 0, size, 2), false), invalid);
  EXPECT_THAT(InflightRegion::Map(Memory(size, 0, size, 1, 132), false),
              invalid);
  // A packed queue takes twice as much.
  EXPECT_THAT(InflightRegion::Map(Memory(size, 0, size), true), invalid);
}

TEST(InflightRegionTest, NumbersOutOfRangeAreRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(InflightRegion::Create(0, 128, false), invalid);
  EXPECT_THAT(InflightRegion::Create(1, 0, false), invalid);
  EXPECT_THAT(InflightRegion::Create(257, 128, false), invalid);
  EXPECT_THAT(InflightRegion::Create(1, 32769, false), invalid);
}

}  // namespace
}  // namespace devstate::recovery
