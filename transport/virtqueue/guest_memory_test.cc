// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/guest_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate::virtqueue {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;

constexpr uint64_t kSize = 0x2000;

vhost_user::MemoryRegion Region(uint64_t guest, uint64_t user,
                                uint64_t offset = 0) {
  vhost_user::MemoryRegion region;
  region.guest_address = guest;
  region.user_address = user;
  region.size = kSize;
  region.mmap_offset = offset;
  region.fd = FileDescriptor(::memfd_create("guest", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(region.fd.get(),
                        static_cast<off_t>(offset % (1 << 20) + kSize)),
            0);
  return region;
}

TEST(GuestMemoryTest, BothKindsOfAddressesLeadToTheSameByte) {
  GuestMemory memory;
  ASSERT_THAT(memory.Add(Region(0x10000, 0x70000)), IsOk());
  const auto guest = memory.AtGuest(0x10123, 1);
  const auto user = memory.AtUser(0x70123, 1);
  ASSERT_THAT(guest, IsOk());
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(*guest, *user);
}

// As of a file of huge pages, a part of which is another region's.
TEST(GuestMemoryTest, OffsetNeedNotBeThatOfAPage) {
  const vhost_user::MemoryRegion region = Region(0x10000, 0x70000, 0x1800);
  const char byte = 'x';
  ASSERT_EQ(::pwrite(region.fd.get(), &byte, 1, 0x1800 + 7), 1);
  GuestMemory memory;
  ASSERT_THAT(memory.Add(region), IsOk());
  EXPECT_EQ(**memory.AtGuest(0x10007, 1), 'x');
}

TEST(GuestMemoryTest, RangeMustLieInOneRegion) {
  GuestMemory memory;
  ASSERT_THAT(memory.Add(Region(0x10000, 0x70000)), IsOk());
  ASSERT_THAT(memory.Add(Region(0x10000 + kSize, 0x90000)), IsOk());
  EXPECT_THAT(memory.AtGuest(0x10000, kSize), IsOk());
  EXPECT_THAT(memory.AtGuest(0x10000, kSize + 1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(memory.AtGuest(0x10001, UINT64_MAX),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(GuestMemoryTest, OverlapsAndOverflowsAreRefused) {
  GuestMemory memory;
  ASSERT_THAT(memory.Add(Region(0x10000, 0x70000)), IsOk());
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(memory.Add(Region(0x10001, 0x90000)), invalid);
  EXPECT_THAT(memory.Add(Region(0x20000, 0x6ffff)), invalid);
  EXPECT_THAT(memory.Add(Region(UINT64_MAX - 1, 0x90000)), invalid);
  EXPECT_THAT(memory.Add(Region(0x20000, UINT64_MAX - 1)), invalid);
  EXPECT_THAT(memory.Add(Region(0x20000, 0x90000, UINT64_MAX - 1)), invalid);
}

TEST(GuestMemoryTest, RemovedRegionStaysMappedForWhoeverHoldsIt) {
  GuestMemory memory;
  const vhost_user::MemoryRegion region = Region(0x10000, 0x70000);
  ASSERT_THAT(memory.Add(region), IsOk());
  const GuestMemory held = memory;
  char* const byte = *held.AtGuest(0x10000, 1);
  ASSERT_THAT(memory.Remove(region), IsOk());
  EXPECT_THAT(memory.Remove(region), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(memory.AtGuest(0x10000, 1).ok());
  *byte = 'x';
  EXPECT_EQ(**held.AtGuest(0x10000, 1), 'x');
}

}  // namespace
}  // namespace devstate::virtqueue
