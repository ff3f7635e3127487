// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/guest_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using vhost_user::U64Payload;

constexpr uint64_t kSize = 4096;

// A setup with one region, whose bytes 2 and 3 are the index 7.
DeviceSetup WithRegion(uint64_t user_address, uint64_t mmap_offset) {
  FileDescriptor memory(::memfd_create("guest", MFD_CLOEXEC));
  const uint16_t index = 7;
  EXPECT_EQ(::ftruncate(memory.get(), kSize), 0);
  EXPECT_EQ(::pwrite(memory.get(), &index, sizeof(index), 2), 2);
  vhost_user::Message message;
  message.request = vhost_user::kAddMemReg;
  message.payload = U64Payload(0) + U64Payload(0) + U64Payload(kSize) +
                    U64Payload(user_address) + U64Payload(mmap_offset);
  message.fds.push_back(std::move(memory));
  DeviceSetup setup;
  setup.Remember(std::move(message), nullptr);
  return setup;
}

Ring UsedRingAt(uint64_t address) {
  Ring ring;
  ring.address = U64Payload(0) + U64Payload(0) + U64Payload(address) +
                 U64Payload(0) + U64Payload(0);
  return ring;
}

TEST(UsedIndexTest, IsReadFromTheRegionThatHasIt) {
  const auto index = UsedIndex(WithRegion(1 << 20, 0), UsedRingAt(1 << 20));
  ASSERT_THAT(index, IsOk());
  EXPECT_EQ(*index, 7);
}

TEST(UsedIndexTest, OutsideOfAllRegionsIsRefused) {
  const DeviceSetup setup = WithRegion(1 << 20, 0);
  for (const uint64_t offset :
       {uint64_t{0} - 4, kSize - 3, kSize - 2, kSize - 1, kSize}) {
    EXPECT_THAT(UsedIndex(setup, UsedRingAt((1 << 20) + offset)),
                StatusIs(absl::StatusCode::kFailedPrecondition))
        << offset;
  }
}

TEST(UsedIndexTest, AnAddressWhoseEndWrapsAroundIsRefused) {
  EXPECT_THAT(UsedIndex(WithRegion(0, 3), UsedRingAt(uint64_t{0} - 3)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace devstate::proxy
