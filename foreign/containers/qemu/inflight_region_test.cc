// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/qemu/inflight_region.h"

#include <cstdint>
#include <string>

#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::testing {
namespace {

using ::testing::HasSubstr;

// A region byte by byte, written without the code under test.
class Region {
 public:
  explicit Region(size_t size, bool big_endian = false)
      : bytes_(size, '\0'), big_endian_(big_endian) {}

  Region& Put(size_t at, size_t size, uint64_t value) {
    for (size_t i = 0; i < size; ++i) {
      bytes_[at + i] =
          static_cast<char>(value >> 8 * (big_endian_ ? size - 1 - i : i));
    }
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  const bool big_endian_;
};

// One queue of 8: 16 + 8 * 16, rounded up to 192.
Region SplitQueue(bool big_endian = false) {
  Region region(192, big_endian);
  region.Put(8, 2, 1).Put(10, 2, 8).Put(14, 2, 77);
  // Descriptor 2 came after descriptor 5.
  region.Put(16 + 2 * 16, 1, 1).Put(16 + 2 * 16 + 8, 8, 1001);
  region.Put(16 + 5 * 16, 1, 1).Put(16 + 5 * 16 + 8, 8, 1000);
  return region;
}

// One queue of 4: 29 + 4 * 32, rounded up to 192. A request of two descriptors.
Region PackedQueue() {
  Region region(192);
  region.Put(8, 2, 1).Put(10, 2, 4).Put(16, 2, 3).Put(20, 1, 1).Put(21, 1, 1);
  const size_t first = 32 + 1 * 32;
  const size_t second = 32 + 3 * 32;
  region.Put(first, 1, 1).Put(first + 2, 2, 3).Put(first + 4, 2, 3);
  region.Put(first + 6, 2, 2).Put(first + 8, 8, 42).Put(first + 16, 2, 9);
  region.Put(first + 18, 2, 1).Put(first + 20, 4, 512);
  region.Put(first + 24, 8, 0x100000000);
  region.Put(second + 16, 2, 9).Put(second + 20, 4, 1);
  region.Put(second + 24, 8, 0x2000);
  return region;
}

TEST(InflightRegion, SplitRingHasHeadsInTheOrderOfTheirCounters) {
  for (const bool big_endian : {false, true}) {
    const auto region = ParseInflightRegion(SplitQueue(big_endian).bytes(), 8);
    ASSERT_THAT(region, IsOk());
    EXPECT_FALSE(region->packed);
    EXPECT_EQ(region->big_endian, big_endian);
    ASSERT_EQ(region->queues.size(), 1);
    const InflightQueue& queue = region->queues[0];
    EXPECT_EQ(queue.used_index, 77);
    ASSERT_EQ(queue.requests.size(), 2);
    EXPECT_EQ(queue.requests[0].head, 5);
    EXPECT_EQ(queue.requests[0].counter, 1000);
    EXPECT_EQ(queue.requests[1].head, 2);
    EXPECT_EQ(region->requests(), 2);
  }
}

TEST(InflightRegion, PackedRingHasTheDescriptors) {
  const auto region = ParseInflightRegion(PackedQueue().bytes(), 4);
  ASSERT_THAT(region, IsOk());
  EXPECT_TRUE(region->packed);
  ASSERT_EQ(region->requests(), 1);
  const InflightRequest& request = region->queues[0].requests[0];
  EXPECT_EQ(request.head, 1);
  EXPECT_EQ(request.counter, 42);
  ASSERT_EQ(request.descriptors.size(), 2);
  EXPECT_EQ(request.descriptors[0].address, 0x100000000);
  EXPECT_EQ(request.descriptors[0].length, 512);
  EXPECT_EQ(request.descriptors[0].flags, 1);
  EXPECT_EQ(request.descriptors[0].id, 9);
  EXPECT_EQ(request.descriptors[1].address, 0x2000);
}

TEST(InflightRegion, QueuesThatWereNotStartedHaveNothing) {
  std::string bytes = SplitQueue().bytes() + std::string(192, '\0');
  // Memory of a queue that nobody set up.
  bytes[192 + 16] = 1;
  const auto region = ParseInflightRegion(bytes, 8);
  ASSERT_THAT(region, IsOk());
  ASSERT_EQ(region->queues.size(), 2);
  EXPECT_EQ(region->queues[1].version, 0);
  EXPECT_TRUE(region->queues[1].requests.empty());
}

TEST(InflightRegion, WhatNoBackendWritesIsDamage) {
  const auto damaged = [](const Region& region, uint16_t size,
                          const char* text) {
    const auto parsed = ParseInflightRegion(region.bytes(), size);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_TRUE(GetErrorDetail(parsed.status()).has_value()) << text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(text));
  };
  damaged(SplitQueue().Put(16 + 16, 1, 2), 8, "the mark of a request");
  damaged(SplitQueue().Put(16 + 5 * 16 + 8, 8, 1001), 8, "counter 1001");
  damaged(SplitQueue().Put(8, 2, 2), 8, "is not one of requests in flight");
  damaged(SplitQueue().Put(10, 2, 9), 8, "is not one of requests in flight");
  damaged(SplitQueue(), 7, "is not one of requests in flight");
  damaged(SplitQueue(), 0, "is not one of requests in flight");
  damaged(Region(0), 8, "is not one of requests in flight");
  damaged(PackedQueue().Put(64 + 6, 2, 0), 4, "has 0 descriptors");
  damaged(PackedQueue().Put(64 + 6, 2, 5), 4, "has 5 descriptors");
  damaged(PackedQueue().Put(64 + 2, 2, 4), 4, "goes on at descriptor 4");
}

// Otherwise a region of 2 MiB could have requests of 64 GiB.
TEST(InflightRegion, DescriptorOfTwoRequestsIsDamage) {
  const auto refused = [](const Region& region, const char* text) {
    const auto parsed = ParseInflightRegion(region.bytes(), 4);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(text));
  };
  // A chain that comes back to its head.
  refused(PackedQueue().Put(64 + 2, 2, 1), "goes on at descriptor 1, which");
  // A request that starts within the chain of another.
  refused(PackedQueue().Put(128, 1, 1).Put(128 + 6, 2, 1).Put(128 + 8, 8, 43),
          "descriptor 3, which belongs to");
}

TEST(InflightRegion, AnyBitThatFlipsIsRefusedOrHarmless) {
  for (const auto& [bytes, size] : {std::pair(SplitQueue().bytes(), 8),
                                    std::pair(PackedQueue().bytes(), 4)}) {
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto region =
          ParseInflightRegion(flipped, static_cast<uint16_t>(size));
      if (!region.ok()) continue;
      EXPECT_LE(region->requests(), 3) << bit;
    }
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(
          ParseInflightRegion(bytes.substr(0, cut), static_cast<uint16_t>(size))
              .ok())
          << cut;
    }
  }
}

}  // namespace
}  // namespace devstate::testing
