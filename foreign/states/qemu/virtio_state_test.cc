// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/virtio_state.h"

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/serializer/stream_error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Where a device has the selector of queues' end: the features, of 4 bytes, and
// the size of the configuration space come after it.
size_t ConfigSize(const VirtioState& state) {
  FieldsOut out;
  VirtioState copy = state;
  copy.config.clear();
  copy.queues.clear();
  VisitStart(out, &copy);
  // The size, and the number of queues.
  return out.bytes().size() - 4 - 4;
}

std::string WithNumber(std::string bytes, size_t at, uint32_t number) {
  FieldsOut out;
  out.U32("", &number);
  return bytes.replace(at, 4, out.bytes());
}

// Returns why the bytes are damaged, which starts at `offset`.
std::string DamageOf(const std::string& bytes, size_t offset) {
  FieldsIn in(bytes);
  VirtioState state;
  VisitStart(in, &state);
  VisitEnd(in, nullptr, &state);
  const auto detail = GetErrorDetail(in.status());
  if (!detail.has_value()) return "no damage";
  EXPECT_EQ(detail->offset, offset);
  return std::string(in.status().message());
}

std::string ObstacleOf(absl::string_view subsection, std::string bytes) {
  VirtioState state = BareDevice();
  state.subsections.push_back({std::string(subsection), 1, std::move(bytes)});
  const Imported imported = Import(EmulatedInput(), WithOwnFields(state, ""));
  EXPECT_THAT(imported.status, IsOk());
  if (imported.findings.empty()) return "";
  EXPECT_THAT(imported.findings, ::testing::SizeIs(1));
  EXPECT_THAT(imported.stream, IsEmpty());
  return imported.findings[0];
}

TEST(VirtioStateTest, BigEndianDriverIsRefused) {
  EXPECT_EQ(ObstacleOf("virtio/device_endian", "\x02"),
            "foreign-device: : the driver uses the device big-endian, as "
            "before VIRTIO 1.0, which no portable state can say");
  EXPECT_EQ(ObstacleOf("virtio/device_endian", "\x01"), "");
}

TEST(VirtioStateTest, BrokenDeviceIsRefused) {
  EXPECT_EQ(ObstacleOf("virtio/broken", "\x01"),
            "foreign-device: : the device has stopped because of a mistake of "
            "the driver, and the driver must reset it: do so and save again");
  EXPECT_EQ(ObstacleOf("virtio/broken", std::string(1, '\0')), "");
}

TEST(VirtioStateTest, DisabledDeviceIsRefused) {
  EXPECT_EQ(ObstacleOf("virtio/disabled", "\x01"),
            "foreign-device: : QEMU has switched the device off: take it off "
            "the machine instead");
  EXPECT_EQ(ObstacleOf("virtio/disabled", std::string(1, '\0')), "");
}

TEST(VirtioStateTest, FeaturesAbove63AreRefused) {
  EXPECT_EQ(ObstacleOf("virtio/128bit_features", std::string(7, '\0') + "\x01"),
            "foreign-device: : the driver has negotiated features above 63, "
            "which no portable state has: switch them off on the source and "
            "save again");
  EXPECT_EQ(ObstacleOf("virtio/128bit_features", std::string(8, '\0')), "");
}

TEST(VirtioStateTest, DeviceOfAnotherTransportIsDamage) {
  std::string bytes = WithOwnFields(BareDevice(), "");
  // The vendor, after the version.
  bytes[4] = '\x86';
  EXPECT_THAT(DamageOf(bytes, 4),
              HasSubstr("no virtio device on PCI: those of other transports "
                        "are not read"));
}

TEST(VirtioStateTest, DeviceOfPciExpressHasALargerConfiguration) {
  VirtioState state = BareDevice();
  ASSERT_EQ(state.pci_config.size(), 256u);
  // A capability of PCI Express in front of the others.
  state.pci_config[0xf0] = 0x10;
  state.pci_config[0xf1] = state.pci_config[0x34];
  state.pci_config[0x34] = '\xf0';
  state.pci_config.resize(4096);
  state.pci_config[4095] = 'e';
  const std::string bytes = WithOwnFields(state, "");
  FieldsIn in(bytes);
  VirtioState read;
  VisitStart(in, &read);
  VisitEnd(in, nullptr, &read);
  EXPECT_THAT(in.status(), IsOk());
  EXPECT_TRUE(read.pci_config == state.pci_config);
  EXPECT_EQ(read.queues.size(), state.queues.size());
  EXPECT_EQ(read.Features(), state.Features());
}

TEST(VirtioStateTest, TooLargeConfigurationIsDamage) {
  const VirtioState state = BareDevice();
  const size_t at = ConfigSize(state);
  const std::string bytes = WithOwnFields(state, "");
  EXPECT_THAT(DamageOf(WithNumber(bytes, at, 65537), at),
              HasSubstr("a configuration space of 65537 bytes, expected 65536 "
                        "at most"));
}

TEST(VirtioStateTest, TooManyQueuesAreDamage) {
  const VirtioState state = BareDevice();
  const size_t at = ConfigSize(state) + 4 + state.config.size();
  const std::string bytes = WithOwnFields(state, "");
  EXPECT_THAT(DamageOf(WithNumber(bytes, at, 1025), at),
              HasSubstr("1025 queues; QEMU has up to 1024"));
}

TEST(VirtioStateTest, UnknownFieldsOfADeviceAreDamage) {
  const std::string bytes = WithOwnFields(BareDevice(), "x");
  EXPECT_THAT(DamageOf(bytes, OwnFields(bytes)),
              HasSubstr("no subsection starts here: the device's own fields "
                        "are laid out in a way that is not known, or the file "
                        "is damaged"));
}

TEST(VirtioStateTest, QueueIsOnAsTheDriverSaid) {
  VirtioState state = BareDevice();
  state.queues = {{64, 0x1000, 0, 0}, {64, 0, 0, 0}};
  std::string& modern = *state.Find("virtio_pci/modern_state");
  // Each of 28 bytes, the fourth of which says it.
  modern[16 + 3] = 0;
  modern[16 + 28 + 3] = 1;
  SetFeatures(uint64_t{1} << kVersion1Bit, &state);
  EXPECT_FALSE(state.IsEnabled(0));
  EXPECT_TRUE(state.IsEnabled(1));
  // An old driver has no such switch.
  SetFeatures(0, &state);
  EXPECT_TRUE(state.IsEnabled(0));
  EXPECT_FALSE(state.IsEnabled(1));
}

TEST(VirtioStateTest, PackedRingsWithoutPositionsAreRefused) {
  VirtioState state = BareDevice();
  SetFeatures(uint64_t{1} << kVersion1Bit | uint64_t{1} << kRingPackedBit,
              &state);
  state.queues = {{64, 0x1000, 0, 0}};
  const Imported imported = Import(EmulatedInput(), WithOwnFields(state, ""));
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              ElementsAre("foreign-device: : the driver uses packed rings, and "
                          "their positions are missing: save again"));
  // There is no place to put one.
  const std::string before = WithOwnFields(state, "");
  state.SetPacked(0, {5, 1, 4, 1, 1});
  EXPECT_TRUE(WithOwnFields(state, "") == before);
}

}  // namespace
}  // namespace devstate::qemu::testing
