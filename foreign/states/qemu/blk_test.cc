// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/blk/v1/blk.pb.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/foreign/states/qemu/test_elements.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::blk::v1::BlkState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kVersion1 = uint64_t{1} << 32;
constexpr uint64_t kPacked = uint64_t{1} << 34;
constexpr uint64_t kMq = 1 << 12;
constexpr uint64_t kSecureErase = 1 << 16;
constexpr uint64_t kZoned = 1 << 17;

struct TestBlk {
  uint64_t features = 0;
  std::string config = std::string(96, '\0');
  std::vector<VirtioQueue> queues = {{128, 0x1000, 9, 0}, {128, 0x3000, 8, 0}};
  // The queue and the head of each, the newest first.
  std::vector<std::pair<uint32_t, uint32_t>> requests;

  std::string Encode() const {
    VirtioState state = BareDevice();
    SetFeatures(kVersion1 | features, &state);
    state.config = config;
    state.queues = queues;
    if ((features & kPacked) != 0) {
      state.subsections.push_back({"virtio/packed_virtqueues", 1,
                                   std::string(size_t{10} * 1024, '\0')});
    }
    const bool has_queue = LittleEndian(config, 34, 2) > 1;
    const uint8_t more = 1;
    const uint8_t end = 0;
    FieldsOut own;
    for (const auto& [queue, head] : requests) {
      own.U8("", &more);
      if (has_queue) own.U32("", &queue);
      const std::string element = MakeElement(head, 1, 2).bytes;
      own.Raw("", element.size(), &element);
    }
    own.U8("", &end);
    return WithOwnFields(state, own.bytes());
  }
};

TestBlk WithTwoQueues() {
  TestBlk disk;
  disk.features = kMq;
  disk.config[34] = 2;
  return disk;
}

BlkState StateOfDisk(const TestBlk& disk) {
  const Imported imported = Import(EmulatedBlk(), disk.Encode());
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  return StateOf<BlkState>(imported.stream);
}

std::vector<std::string> RefusalsOf(const TestBlk& disk) {
  const Imported imported = Import(EmulatedBlk(), disk.Encode());
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.stream, IsEmpty());
  return imported.findings;
}

TEST(BlkTest, GuestsDiskHasItsConfiguration) {
  const auto state =
      ImportedState<BlkState>(EmulatedBlk(), Saved(EmulatedBlk()));
  EXPECT_EQ(state.config().capacity(), 2048u);
  EXPECT_TRUE(state.config().writeback());
  EXPECT_EQ(state.config().num_queues(), 2u);
  EXPECT_EQ(state.config().discard().max_segments(), 1u);
  EXPECT_THAT(state.inflight(), IsEmpty());
}

TEST(BlkTest, FailedRequestsComeOverTheOldestFirst) {
  TestBlk disk = WithTwoQueues();
  disk.requests = {{1, 7}, {0, 5}, {1, 6}};
  const BlkState state = StateOfDisk(disk);
  std::vector<std::string> lines;
  for (const auto& request : state.inflight()) {
    lines.push_back(absl::StrCat(request.vring(), " ", request.head(), " ",
                                 request.sequence(), " ",
                                 request.descriptor_count()));
  }
  EXPECT_THAT(lines, ElementsAre("1 6 0 3", "0 5 0 3", "1 7 1 3"));
  EXPECT_EQ(state.vrings(0).split().last_avail_idx(), 9u);
  EXPECT_EQ(state.vrings(0).split().used_idx(), 8u);
  EXPECT_EQ(state.vrings(1).split().used_idx(), 6u);
}

TEST(BlkTest, RequestOfTheOnlyQueueHasNoNumber) {
  TestBlk disk;
  disk.config[34] = 1;
  disk.queues.pop_back();
  disk.requests = {{0, 5}};
  const BlkState state = StateOfDisk(disk);
  EXPECT_EQ(state.inflight(0).vring(), 0u);
  EXPECT_EQ(state.inflight(0).head(), 5u);
}

TEST(BlkTest, RequestOfAQueueThatIsNotThereIsRefused) {
  TestBlk disk = WithTwoQueues();
  disk.requests = {{2, 5}};
  EXPECT_THAT(RefusalsOf(disk),
              ElementsAre(HasSubstr("request-ring: ring 2: it is not set up")));
}

TEST(BlkTest, RequestInAPackedRingIsRefused) {
  TestBlk disk = WithTwoQueues();
  disk.features |= kPacked;
  disk.requests = {{1, 5}};
  EXPECT_THAT(RefusalsOf(disk),
              ElementsAre("foreign-device: queue 1: a request is in flight in "
                          "a packed ring, and QEMU does not save its "
                          "descriptors: let the device answer it and save "
                          "again"));
}

TEST(BlkTest, UnknownMarkOfARequestIsDamage) {
  std::string bytes = WithTwoQueues().Encode();
  const size_t mark = OwnFields(bytes);
  bytes[mark] = 2;
  const absl::Status status = Import(EmulatedBlk(), bytes).status;
  EXPECT_EQ(GetErrorDetail(status)->offset, mark);
  EXPECT_THAT(status.message(),
              HasSubstr("the mark of a request is 2, expected 0 or 1"));
}

TEST(BlkTest, ZonesAreRefused) {
  TestBlk disk = WithTwoQueues();
  disk.features |= kZoned;
  EXPECT_THAT(RefusalsOf(disk),
              ElementsAre("foreign-device: acked_features: the driver uses "
                          "zones, which no portable state has: take the disk "
                          "off the machine instead"));
}

TEST(BlkTest, LimitsOfSecureEraseComeOver) {
  TestBlk disk = WithTwoQueues();
  for (size_t i = 0; i < 3; ++i) {
    PutNumber(60 + 4 * i, static_cast<uint32_t>(256 + i), &disk.config);
  }
  EXPECT_FALSE(StateOfDisk(disk).config().has_secure_erase());
  disk.features |= kSecureErase;
  const auto& limits = StateOfDisk(disk).config().secure_erase();
  EXPECT_EQ(limits.max_sectors(), 256u);
  EXPECT_EQ(limits.max_segments(), 257u);
  EXPECT_EQ(limits.sector_alignment(), 258u);
}

}  // namespace
}  // namespace devstate::qemu::testing
