// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/payloads.h"

#include <string>
#include <utility>
#include <vector>

#include "devstate/transport/vhost_user/transport_test_util.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

TEST(PayloadsTest, RegionsComeWithTheirDescriptorsInOrder) {
  Message table;
  table.request = kSetMemTable;
  AppendU64(2, &table.payload);
  MemoryRegion region;
  region.guest_address = 1;
  region.size = 2;
  region.user_address = 3;
  region.mmap_offset = 4;
  AppendMemoryRegion(region, &table.payload);
  region.guest_address = 5;
  AppendMemoryRegion(region, &table.payload);
  table.fds = testing::SomeFds(2);
  const int second = table.fds[1].get();
  ASSERT_TRUE(AdmitRequest(table).ok());
  const std::vector<MemoryRegion> regions = TakeMemoryRegions(table);
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(regions[0].guest_address, 1u);
  EXPECT_EQ(regions[0].size, 2u);
  EXPECT_EQ(regions[0].user_address, 3u);
  EXPECT_EQ(regions[0].mmap_offset, 4u);
  EXPECT_EQ(regions[1].guest_address, 5u);
  EXPECT_EQ(regions[1].fd.get(), second);
}

TEST(PayloadsTest, InflightDescriptionHas24BytesAndIsReadFrom20) {
  const std::string payload = InflightPayload({4096, 8192, 4, 128});
  EXPECT_EQ(payload.size(), 24u);
  for (const size_t size : {20, 24}) {
    const InflightDescription read =
        ReadInflightDescription(payload.substr(0, size));
    EXPECT_EQ(read.mmap_size, 4096u);
    EXPECT_EQ(read.mmap_offset, 8192u);
    EXPECT_EQ(read.num_queues, 4);
    EXPECT_EQ(read.queue_size, 128);
  }
}

}  // namespace
}  // namespace devstate::vhost_user
