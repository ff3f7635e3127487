// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/map_file.h"

#include <unistd.h>

#include "devstate/transport/io/file_descriptor.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kSize = (uint64_t{1} << 32) + kPage;

class MapFileTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(file_.valid());
    // It has no pages until they are written.
    ASSERT_EQ(::ftruncate(file_.get(), static_cast<off_t>(kSize)), 0);
  }

  void* Map(uint64_t offset, uint64_t size) {
    return MapFile(file_.get(), offset, size, PROT_READ | PROT_WRITE,
                   MAP_SHARED);
  }

  const FileDescriptor file_{::memfd_create("map_file_test", MFD_CLOEXEC)};
};

TEST_F(MapFileTest, MapsAllOrNothing) {
  void* const map = Map(0, kSize);
  if (sizeof(size_t) < sizeof(uint64_t)) {
    EXPECT_EQ(map, MAP_FAILED);
    EXPECT_EQ(errno, ENOMEM);
    return;
  }
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_EQ(::munmap(map, static_cast<size_t>(kSize)), 0);
}

TEST_F(MapFileTest, OffsetsHave64Bits) {
  ASSERT_EQ(::pwrite(file_.get(), "x", 1, static_cast<off_t>(kSize - kPage)),
            1);
  void* const map = Map(kSize - kPage, kPage);
  ASSERT_NE(map, MAP_FAILED);
  EXPECT_EQ(*static_cast<const char*>(map), 'x');
  EXPECT_EQ(::munmap(map, kPage), 0);
}

}  // namespace
}  // namespace devstate
