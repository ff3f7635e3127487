// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devices/balloon/v1/balloon.pb.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::balloon::v1::BalloonState;
using ::devices::balloon::v1::FreePageHint;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kVersion1 = uint64_t{1} << 32;
constexpr uint64_t kPacked = uint64_t{1} << 34;
constexpr uint64_t kStatistics = 1 << 1;
constexpr uint64_t kFreePageHint = 1 << 3;
constexpr uint64_t kPagePoison = 1 << 4;
constexpr uint32_t kRequest = (uint32_t{1} << 31) + 5;

struct TestBalloon {
  uint64_t features = 0;
  // The number of the request and its status.
  absl::optional<std::pair<uint32_t, uint32_t>> hint;
  absl::optional<uint32_t> poison;
  VirtioState virtio = BareDevice();

  TestBalloon() { virtio.queues = {{128, 0x1000, 9, 0}, {128, 0x3000, 8, 0}}; }

  std::string Encode() const {
    VirtioState state = virtio;
    SetFeatures(kVersion1 | features, &state);
    auto& subsections = state.subsections;
    if (poison.has_value()) {
      FieldsOut out;
      out.U32("", &*poison);
      subsections.insert(subsections.begin(),
                         {"virtio-balloon-device/page-poison", 1, out.bytes()});
    }
    if (hint.has_value()) {
      FieldsOut out;
      out.U32("", &hint->first);
      out.U32("", &hint->second);
      subsections.insert(
          subsections.begin(),
          {"virtio-balloon-device/free-page-report", 1, out.bytes()});
    }
    const uint32_t pages = 300;
    const uint32_t actual = 200;
    FieldsOut own;
    own.U32("", &pages);
    own.U32("", &actual);
    return WithOwnFields(state, own.bytes());
  }
};

// Returns the state of a device that nothing is lost of.
BalloonState LosslessState(const TestBalloon& balloon) {
  const Imported imported = Import(EmulatedBalloon(), balloon.Encode());
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  return StateOf<BalloonState>(imported.stream);
}

// Returns one with a queue for statistics, which has taken a buffer.
TestBalloon WithStatistics() {
  TestBalloon balloon;
  balloon.features = kStatistics;
  balloon.virtio.queues.push_back({128, 0x9000, 4, 0});
  return balloon;
}

TEST(BalloonTest, PagesComeOver) {
  const BalloonState state = LosslessState(TestBalloon());
  EXPECT_EQ(state.acked_features(), kVersion1);
  EXPECT_EQ(state.config().num_pages(), 300u);
  EXPECT_EQ(state.config().actual(), 200u);
  EXPECT_FALSE(state.has_free_page_hint());
  EXPECT_FALSE(state.config().has_free_page_hint_cmd_id());
  EXPECT_FALSE(state.config().has_poison_val());
  EXPECT_THAT(state.vrings(), SizeIs(2));
}

TEST(BalloonTest, DriverReadsTheRequestThatTheDeviceIsAt) {
  const struct {
    uint32_t saved;
    FreePageHint::Status status;
    uint32_t told;
  } cases[] = {{0, FreePageHint::STATUS_STOPPED, 0},
               {1, FreePageHint::STATUS_REQUESTED, kRequest},
               {2, FreePageHint::STATUS_STARTED, 0},
               {3, FreePageHint::STATUS_DONE, 1}};
  for (const auto& example : cases) {
    SCOPED_TRACE(example.saved);
    TestBalloon balloon;
    balloon.features = kFreePageHint;
    balloon.hint = {kRequest, example.saved};
    const BalloonState state = LosslessState(balloon);
    EXPECT_EQ(state.free_page_hint().status(), example.status);
    EXPECT_EQ(state.free_page_hint().cmd_id(), kRequest);
    EXPECT_TRUE(state.config().has_free_page_hint_cmd_id());
    EXPECT_EQ(state.config().free_page_hint_cmd_id(), example.told);
  }
}

TEST(BalloonTest, RequestOfAnUnknownStatusIsRefused) {
  TestBalloon balloon;
  balloon.features = kFreePageHint;
  balloon.hint = {kRequest, 4};
  const Imported imported = Import(EmulatedBalloon(), balloon.Encode());
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              Contains("foreign-device: free_page_hint: its status is 4, "
                       "expected 0 to 3"));
}

TEST(BalloonTest, RequestThatNoHostMakesIsRefused) {
  TestBalloon balloon;
  balloon.features = kFreePageHint;
  balloon.hint = {7, 1};
  const Imported imported = Import(EmulatedBalloon(), balloon.Encode());
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(
      imported.findings,
      ElementsAre(HasSubstr(
          "foreign-device: free_page_hint.cmd_id: balloon-hint: 7 is no "
          "number of a request, which begin at 2^31")));
}

TEST(BalloonTest, PoisonComesOver) {
  TestBalloon balloon;
  balloon.features = kPagePoison;
  balloon.poison = 0xaa00bb01;
  EXPECT_EQ(LosslessState(balloon).config().poison_val(), 0xaa00bb01u);
  // What the device has before the driver writes it.
  balloon.poison = 0;
  EXPECT_TRUE(LosslessState(balloon).config().has_poison_val());
}

TEST(BalloonTest, WhatTheDriverDidNotNegotiateIsAbsent) {
  TestBalloon balloon;
  balloon.hint = {kRequest, 4};
  balloon.poison = 1;
  const BalloonState state = LosslessState(balloon);
  EXPECT_FALSE(state.has_free_page_hint());
  EXPECT_FALSE(state.config().has_free_page_hint_cmd_id());
  EXPECT_FALSE(state.config().has_poison_val());
}

TEST(BalloonTest, SubsectionThatEndsEarlyIsDamaged) {
  TestBalloon balloon;
  balloon.hint = {kRequest, 1};
  balloon.virtio.subsections.resize(1);
  balloon.virtio.subsections[0] = {"virtio/64bit_features", 1,
                                   std::string(8, '\0')};
  const std::string whole = balloon.Encode();
  // Without the last subsection, of 2, 21, 4 and 8 bytes, and a byte.
  const std::string bytes = whole.substr(0, whole.size() - 35 - 1);
  const absl::Status status = Import(EmulatedBalloon(), bytes).status;
  EXPECT_TRUE(GetErrorDetail(status).has_value());
  EXPECT_THAT(status.message(), HasSubstr("ends inside a subsection, of 8"));
}

TEST(BalloonTest, SubsectionOfANewerQemuIsDamage) {
  TestBalloon balloon;
  balloon.virtio.subsections.push_back({"virtio-balloon-device/new", 1, ""});
  EXPECT_THAT(
      Import(EmulatedBalloon(), balloon.Encode()).status.message(),
      HasSubstr(
          "\"virtio-balloon-device/new\" is not known: it is of a newer"));
}

// The guest has set up the queue for statistics and was asked.
TEST(BalloonTest, BufferForStatisticsIsLeftBehind) {
  constexpr absl::string_view kText =
      "foreign-dropped: queue 2: the driver may have lent a buffer to ask for "
      "statistics with. QEMU does not save whether it has, so the device will "
      "not ask again until the driver starts anew";
  const Imported imported = Import(EmulatedBalloon(), Saved(EmulatedBalloon()));
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, ElementsAre(kText));
  const auto guest = StateOf<BalloonState>(imported.stream);
  EXPECT_EQ(guest.vrings(2).split().used_idx(),
            guest.vrings(2).split().last_avail_idx());
  EXPECT_THAT(Import(EmulatedBalloon(), WithStatistics().Encode()).findings,
              ElementsAre(kText));
}

TEST(BalloonTest, QueueThatHasTakenNoBufferLosesNone) {
  TestBalloon balloon = WithStatistics();
  balloon.virtio.queues[2].last_avail_idx = 0;
  EXPECT_EQ(LosslessState(balloon).vrings(2).split().last_avail_idx(), 0u);
  // The queue is one for hints if there are no statistics.
  balloon = WithStatistics();
  balloon.features = kFreePageHint;
  EXPECT_EQ(LosslessState(balloon).vrings(2).split().last_avail_idx(), 4u);
  balloon = WithStatistics();
  balloon.virtio.queues[2].descriptors = 0;
  EXPECT_THAT(LosslessState(balloon).vrings(), SizeIs(2));
}

TEST(BalloonTest, BufferForStatisticsIsTakenAgainFromAPackedRing) {
  TestBalloon balloon = WithStatistics();
  balloon.features |= kPacked;
  auto& subsections = balloon.virtio.subsections;
  subsections.push_back(
      {"virtio/packed_virtqueues", 1, std::string(size_t{10} * 1024, '\0')});
  balloon.virtio.SetPacked(2, {0, 0, 127, 1, 1});
  const auto& ring = LosslessState(balloon).vrings(2).packed();
  EXPECT_EQ(ring.avail_idx(), 127u);
  EXPECT_TRUE(ring.avail_wrap_counter());
  EXPECT_EQ(ring.used_idx(), 127u);
  EXPECT_TRUE(ring.used_wrap_counter());
}

}  // namespace
}  // namespace devstate::qemu::testing
