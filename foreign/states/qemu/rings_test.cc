// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/rings.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/foreign/states/qemu/test_elements.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::virtio::v1::InflightRequest;
using ::devices::virtio::v1::Vring;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kIndirectBit = 28;

// Returns a device of a legacy driver, with the queues 0 and 2.
VirtioState SplitDevice() {
  VirtioState state;
  state.queues = {{256, 0x1000, 7, 0}, {256, 0, 0, 0}, {64, 0x3000, 1, 0}};
  return state;
}

VirtioState PackedDevice() {
  VirtioState state = SplitDevice();
  state.subsections = {
      {"virtio/64bit_features", 1, std::string("\0\0\0\x05\0\0\0\0", 8)},
      {"virtio/packed_virtqueues", 1, std::string(size_t{10} * 1024, '\0')}};
  state.SetPacked(0, {5, 0, 250, 1, 0});
  state.SetPacked(2, {3, 1, 3, 1, 0});
  return state;
}

Requests RequestsOf(const VirtioState& state,
                    const std::vector<Element>& elements,
                    FindingList* findings) {
  Requests requests;
  for (const Element& element : elements) {
    AddRequest(state, 2, element, &requests, findings);
  }
  return requests;
}

Vrings RingsOf(const VirtioState& state, const Requests& requests = {}) {
  Vrings vrings;
  FindingList findings;
  AddRings(state, requests, &vrings, &findings);
  EXPECT_THAT(Lines(findings.Take()), IsEmpty());
  return vrings;
}

std::vector<std::string> SettingFindings(const Vrings& vrings,
                                         VirtioState state) {
  FindingList findings;
  SetRings(vrings, &state, &findings);
  return Lines(findings.Take());
}

TEST(RingsTest, QueuesThatAreSetUpHaveARing) {
  const Vrings vrings = RingsOf(SplitDevice());
  ASSERT_EQ(vrings.size(), 2);
  EXPECT_EQ(vrings[0].index(), 0u);
  EXPECT_TRUE(vrings[0].enabled());
  EXPECT_EQ(vrings[0].split().size(), 256u);
  EXPECT_EQ(vrings[0].split().last_avail_idx(), 7u);
  EXPECT_EQ(vrings[0].split().used_idx(), 7u);
  EXPECT_EQ(vrings[1].index(), 2u);
  EXPECT_EQ(vrings[1].split().size(), 64u);
}

TEST(RingsTest, SplitRingIsAnsweredUpToTheRequestsInFlight) {
  const VirtioState state = SplitDevice();
  FindingList findings;
  const Requests requests = RequestsOf(
      state, {MakeElement(4, 1, 1), MakeElement(9, 2, 0), MakeElement(1, 0, 1)},
      &findings);
  EXPECT_THAT(Lines(findings.Take()), IsEmpty());
  const Vrings vrings = RingsOf(state, requests);
  EXPECT_EQ(vrings[0].split().used_idx(), 7u);
  // Around the end of 16 bits.
  EXPECT_EQ(vrings[1].split().last_avail_idx(), 1u);
  EXPECT_EQ(vrings[1].split().used_idx(), 65534u);
}

TEST(RingsTest, RequestsAreInTheOrderInWhichTheyWereTaken) {
  FindingList findings;
  Requests requests = RequestsOf(
      SplitDevice(), {MakeElement(4, 1, 2), MakeElement(260, 3, 0)}, &findings);
  AddRequest(SplitDevice(), 0, MakeElement(5, 1, 0), &requests, &findings);
  std::vector<std::string> lines;
  for (const InflightRequest& request : requests) {
    lines.push_back(absl::StrCat(request.vring(), " ", request.head(), " ",
                                 request.sequence(), " ",
                                 request.descriptor_count()));
  }
  EXPECT_THAT(lines, ElementsAre("2 4 0 3", "2 260 1 3", "0 5 0 1"));
}

TEST(RingsTest, IndirectChainHasOneDescriptorOfTheRing) {
  VirtioState state = SplitDevice();
  state.features_low = uint32_t{1} << kIndirectBit;
  FindingList findings;
  const Requests requests =
      RequestsOf(state, {MakeElement(4, 9, 9)}, &findings);
  EXPECT_EQ(requests[0].descriptor_count(), 1u);
}

TEST(RingsTest, PackedRingHasBothPositions) {
  const Vrings vrings = RingsOf(PackedDevice());
  ASSERT_EQ(vrings.size(), 2);
  EXPECT_FALSE(vrings[0].has_split());
  EXPECT_EQ(vrings[0].packed().size(), 256u);
  EXPECT_EQ(vrings[0].packed().avail_idx(), 5u);
  EXPECT_FALSE(vrings[0].packed().avail_wrap_counter());
  EXPECT_EQ(vrings[0].packed().used_idx(), 250u);
  EXPECT_TRUE(vrings[0].packed().used_wrap_counter());
  EXPECT_TRUE(vrings[1].packed().avail_wrap_counter());
}

TEST(RingsTest, DescriptorsOfAPackedRingThatAreNotAnsweredAreRefused) {
  VirtioState state = PackedDevice();
  state.SetPacked(2, {5, 1, 3, 1, 2});
  Vrings vrings;
  FindingList findings;
  AddRings(state, {}, &vrings, &findings);
  EXPECT_THAT(
      Lines(findings.Take()),
      ElementsAre("foreign-device: queue 2: 2 descriptors were taken and not "
                  "answered, and QEMU does not save which: let the device "
                  "answer them and save again"));
}

TEST(RingsTest, RequestInAPackedRingIsRefused) {
  FindingList findings;
  const Requests requests =
      RequestsOf(PackedDevice(), {MakeElement(4, 1, 1)}, &findings);
  EXPECT_THAT(requests, IsEmpty());
  EXPECT_THAT(
      Lines(findings.Take()),
      ElementsAre("foreign-device: queue 2: a request is in flight in a packed "
                  "ring, and QEMU does not save its descriptors: let the "
                  "device answer it and save again"));
}

TEST(RingsTest, PositionsOfASplitRingAreSet) {
  VirtioState state = SplitDevice();
  Vrings vrings = RingsOf(state);
  vrings[1].mutable_split()->set_last_avail_idx(65535);
  FindingList findings;
  SetRings(vrings, &state, &findings);
  EXPECT_THAT(Lines(findings.Take()), IsEmpty());
  EXPECT_EQ(state.queues[0].last_avail_idx, 7u);
  EXPECT_EQ(state.queues[2].last_avail_idx, 65535u);
}

TEST(RingsTest, PositionsOfAPackedRingAreSet) {
  VirtioState state = PackedDevice();
  state.SetPacked(2, {3, 1, 3, 1, 6});
  Vrings vrings = RingsOf(PackedDevice());
  auto& ring = *vrings[1].mutable_packed();
  ring.set_avail_idx(60);
  ring.set_avail_wrap_counter(false);
  ring.set_used_idx(61);
  ring.set_used_wrap_counter(true);
  FindingList findings;
  SetRings(vrings, &state, &findings);
  EXPECT_THAT(Lines(findings.Take()), IsEmpty());
  const PackedQueue position = state.Packed(2);
  EXPECT_EQ(position.last_avail_idx, 60u);
  EXPECT_EQ(position.last_avail_wrap, 0u);
  EXPECT_EQ(position.used_idx, 61u);
  EXPECT_EQ(position.used_wrap, 1u);
  EXPECT_EQ(position.in_use, 6u);
  // The other queue is as it was.
  EXPECT_EQ(state.Packed(0).last_avail_idx, 5u);
  EXPECT_EQ(state.Packed(0).used_idx, 250u);
}

TEST(RingsTest, RingThatTheFileDoesNotHaveIsRefused) {
  const auto lines_of = [](uint32_t index) {
    Vrings vrings = RingsOf(SplitDevice());
    Vring& more = *vrings.Add();
    more.set_index(index);
    more.mutable_split()->set_size(256);
    return SettingFindings(vrings, SplitDevice());
  };
  constexpr absl::string_view kText =
      ": it is set up in the state and not in the file: take a file of the "
      "same guest, which has its rings";
  // One that the driver left alone, and one that no device has.
  EXPECT_THAT(lines_of(1),
              ElementsAre(absl::StrCat("foreign-device: queue 1", kText)));
  EXPECT_THAT(lines_of(3),
              ElementsAre(absl::StrCat("foreign-device: queue 3", kText)));
}

TEST(RingsTest, RingThatTheStateDoesNotHaveIsRefused) {
  Vrings vrings = RingsOf(SplitDevice());
  vrings.RemoveLast();
  EXPECT_THAT(
      SettingFindings(vrings, SplitDevice()),
      ElementsAre("foreign-device: queue 2: it is set up in the file and not "
                  "in the state: take a file of the same guest"));
}

TEST(RingsTest, RingOfAnotherSizeIsRefused) {
  Vrings vrings = RingsOf(SplitDevice());
  vrings[0].mutable_split()->set_size(128);
  constexpr absl::string_view kText =
      "foreign-device: queue 0: its size is 128 in the state and 256 in the "
      "file: take a file of the same guest";
  EXPECT_THAT(SettingFindings(vrings, SplitDevice()), ElementsAre(kText));
  vrings = RingsOf(PackedDevice());
  vrings[0].mutable_packed()->set_size(128);
  EXPECT_THAT(SettingFindings(vrings, PackedDevice()), ElementsAre(kText));
}

TEST(RingsTest, ElementComesBackAsItWas) {
  std::string bytes = MakeElement(0xffff, 1024, 1024).bytes;
  // The length of the second piece that the device reads.
  PutNumber(kOutPieces + 16 + 8, 42, &bytes);
  FieldsIn fields(bytes);
  Element element;
  VisitElement(fields, &element);
  ASSERT_THAT(fields.status(), IsOk());
  EXPECT_THAT(fields.rest(), IsEmpty());
  EXPECT_EQ(element.head(), 0xffffu);
  EXPECT_EQ(element.out_count(), 1024u);
  EXPECT_EQ(element.in_count(), 1024u);
  EXPECT_EQ(element.out_length(0), 0u);
  EXPECT_EQ(element.out_length(1), 42u);
  FieldsOut out;
  VisitElement(out, &element);
  EXPECT_TRUE(out.bytes() == bytes);
}

TEST(RingsTest, ElementWithImpossibleNumbersIsDamaged) {
  const auto status_of = [](uint32_t head, uint32_t out, uint32_t in) {
    const Element before = MakeElement(head, out, in);
    FieldsIn fields(before.bytes);
    Element element;
    VisitElement(fields, &element);
    EXPECT_TRUE(GetErrorDetail(fields.status()).has_value());
    return std::string(fields.status().message());
  };
  EXPECT_THAT(status_of(0x10000, 1, 2),
              HasSubstr("a request with head 65536 and 1 and 2 pieces: it is "
                        "of a big-endian machine, or the file is damaged"));
  EXPECT_THAT(status_of(0, 1025, 0), HasSubstr("head 0 and 1025 and 0 pieces"));
  EXPECT_THAT(status_of(0, 0, 1025), HasSubstr("head 0 and 0 and 1025 pieces"));
}

TEST(RingsTest, ElementThatEndsEarlyIsDamaged) {
  const std::string bytes(kElement - 1, '\0');
  FieldsIn fields(bytes);
  Element element;
  VisitElement(fields, &element);
  EXPECT_THAT(fields.status().message(),
              HasSubstr("ends inside a request in flight, of 49168 bytes"));
}

}  // namespace
}  // namespace devstate::qemu::testing
