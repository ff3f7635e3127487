// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/emulated_device.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/gpu/v1/gpu.pb.h"
#include "devices/iommu/v1/iommu.pb.h"
#include "devices/mem/v1/mem.pb.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/test_devices.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::qemu::testing {
namespace {

using ::devices::gpu::v1::GpuState;
using ::devices::iommu::v1::IommuState;
using ::devices::mem::v1::MemState;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

SavedDevice GpuParts() { return PartsOf(EmulatedGpu(), kDisplayGuest); }
SavedDevice MemParts() { return PartsOf(EmulatedMem(), kDisplayGuest); }

TEST(EmulatedDeviceTest, InputHasItsSelection) {
  const Imported imported = Import(EmulatedInput(), Saved(EmulatedInput()));
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
}

// Returns an IOMMU whose domains are `domains`, as QEMU saves them. The rest is
// that of a device without fields of its own.
std::string Iommu(const std::string& config, const std::string& domains) {
  VirtioState state = BareDevice();
  state.config = config;
  // VIRTIO_IOMMU_F_INPUT_RANGE, DOMAIN_RANGE and BYPASS_CONFIG.
  state.Find("virtio/64bit_features")->back() = 0x43;
  // The device bypasses.
  return WithOwnFields(state, domains + '\x01');
}

std::string IommuConfig() {
  std::string config(40, '\0');
  config[1] = 0x10;
  config.replace(16, 8, std::string(8, '\xff'));
  config.replace(28, 4, std::string(4, '\xff'));
  return config;
}

// One domain, 9, with a mapping of a page and an endpoint, 8.
std::string OneDomain() {
  FieldsOut fields;
  const uint8_t more = 1;
  const uint8_t end = 0;
  const uint32_t one = 1;
  const uint64_t key = 9;
  const uint32_t id = 9;
  const uint64_t low = 0x1000;
  const uint64_t high = 0x1fff;
  const uint64_t phys = 0x5000;
  const uint32_t flags = 3;
  const uint32_t endpoint = 8;
  fields.U32("", &one);
  fields.U8("", &more);
  fields.U64("", &key);
  fields.U32("", &id);
  fields.U32("", &one);
  fields.U8("", &more);
  fields.U64("", &low);
  fields.U64("", &high);
  fields.U64("", &phys);
  fields.U32("", &flags);
  fields.U8("", &end);
  fields.U8("", &more);
  fields.U32("", &endpoint);
  fields.U8("", &end);
  fields.U8("", &end);
  fields.U8("", &end);
  return fields.bytes();
}

TEST(EmulatedDeviceTest, IommuHasItsMappings) {
  const Imported imported =
      Import(EmulatedIommu(), Iommu(IommuConfig(), OneDomain()));
  ASSERT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  const auto state = StateOf<IommuState>(imported.stream);
  EXPECT_EQ(state.config().page_size_mask(), 0x1000u);
  EXPECT_EQ(state.config().input_range().end(), ~uint64_t{0});
  EXPECT_EQ(state.config().bypass(), 1u);
  ASSERT_THAT(state.mappings(), SizeIs(1));
  EXPECT_EQ(state.mappings(0).domain(), 9u);
  EXPECT_EQ(state.mappings(0).low(), 0x1000u);
  EXPECT_EQ(state.mappings(0).high(), 0x1fffu);
  EXPECT_EQ(state.mappings(0).phys(), 0x5000u);
  EXPECT_EQ(state.mappings(0).flags(), 3u);
  ASSERT_THAT(state.endpoints(), SizeIs(1));
  EXPECT_EQ(state.endpoints(0).id(), 8u);
  EXPECT_EQ(state.endpoints(0).domain(), 9u);
}

TEST(EmulatedDeviceTest, TreeWithAnotherNumberOfNodesIsDamaged) {
  std::string domains = OneDomain();
  domains[3] = 2;
  EXPECT_THAT(
      Import(EmulatedIommu(), Iommu(IommuConfig(), domains)).status.message(),
      HasSubstr("says 2 nodes, and has 1"));
}

TEST(EmulatedDeviceTest, UnknownMarkOfANodeIsDamage) {
  std::string domains = OneDomain();
  domains[4] = 2;
  EXPECT_THAT(
      Import(EmulatedIommu(), Iommu(IommuConfig(), domains)).status.message(),
      HasSubstr("the mark of a node is 2, expected 0 or 1"));
}

TEST(EmulatedDeviceTest, IommuThatNoDriverHasLookedAtIsRefused) {
  const Imported imported =
      Import(EmulatedIommu(), Iommu(std::string(40, '\0'), OneDomain()));
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              Contains(HasSubstr("start the guest's driver")));
}

TEST(EmulatedDeviceTest, SubsectionOfANewerQemuIsDamage) {
  std::string bytes = Saved(EmulatedNet());
  bytes += std::string("\x05\x0avirtio/new\0\0\0\x01\x01", 17);
  const absl::Status status = Import(EmulatedNet(), bytes).status;
  EXPECT_TRUE(GetErrorDetail(status).has_value());
  EXPECT_THAT(status.message(), HasSubstr("\"virtio/new\" is not known"));
}

TEST(EmulatedDeviceTest, StateThatBreaksARuleOfItsTypeIsRefused) {
  std::string bytes = Saved(EmulatedConsole());
  // The number of the only port.
  bytes[OwnFields(bytes) + 2 + 2 + 4 + 4 + 4 + 3] = 31;
  const Imported imported = Import(EmulatedConsole(), bytes);
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings, Contains(HasSubstr("console-port-id")));
}

MemState MemOf(const SavedDevice& parts) {
  const Imported imported = Import(EmulatedMem(), parts);
  EXPECT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  return StateOf<MemState>(imported.stream);
}

TEST(EmulatedDeviceTest, MemHasTheBlocksThatAreSentBeforeMemory) {
  const SavedDevice parts = MemParts();
  ASSERT_TRUE(parts.early.has_value());
  const MemState state = MemOf(parts);
  EXPECT_EQ(state.config().block_size(), uint64_t{2} << 20);
  EXPECT_EQ(state.config().addr(), uint64_t{4} << 30);
  EXPECT_EQ(state.config().region_size(), uint64_t{256} << 20);
  EXPECT_EQ(state.config().plugged_size(), uint64_t{64} << 20);
  EXPECT_EQ(state.config().requested_size(), uint64_t{64} << 20);
  EXPECT_GE(state.config().usable_region_size(), uint64_t{64} << 20);
  ASSERT_THAT(state.plugged(), SizeIs(1));
  EXPECT_EQ(state.plugged(0).first(), 0u);
  EXPECT_EQ(state.plugged(0).count(), 32u);
  ASSERT_THAT(state.vrings(), SizeIs(1));
}

TEST(EmulatedDeviceTest, MemOfAnOldMachineIsTheSame) {
  const SavedDevice parts = PartsOf(EmulatedMem(), kOldMachine);
  EXPECT_FALSE(parts.early.has_value());
  MemState old_machine = MemOf(parts);
  MemState state = MemOf(MemParts());
  old_machine.clear_vrings();
  state.clear_vrings();
  // Machines of QEMU 8.0 and later have VIRTIO_MEM_F_UNPLUGGED_INACCESSIBLE.
  EXPECT_EQ(old_machine.acked_features() | 2, state.acked_features());
  old_machine.set_acked_features(state.acked_features());
  EXPECT_EQ(old_machine.SerializeAsString(), state.SerializeAsString());
}

TEST(EmulatedDeviceTest, RangesOfBlocksAreTheLongest) {
  SavedDevice parts = MemParts();
  // Address, size, block size, node, size, and 64 blocks a word. Blocks 1 and 2
  // are gone, and the last block of the first word and the first of the second
  // are there.
  const size_t bitmap = 8 + 8 + 8 + 4 + 8;
  (*parts.early)[bitmap] = '\x80';
  (*parts.early)[bitmap + 7] = '\xf9';
  (*parts.early)[bitmap + 15] = '\x01';
  const MemState state = MemOf(parts);
  std::vector<std::string> ranges;
  for (const auto& range : state.plugged()) {
    ranges.push_back(absl::StrCat(range.first(), "+", range.count()));
  }
  EXPECT_THAT(ranges, ElementsAre("0+1", "3+29", "63+2"));
}

TEST(EmulatedDeviceTest, SizeThatIsNotThatOfTheBlocksIsRefused) {
  SavedDevice parts = MemParts();
  (*parts.early)[8 + 8 + 8 + 4 + 8 + 7] = '\xfe';
  const Imported imported = Import(EmulatedMem(), parts);
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings, ElementsAre(HasSubstr("mem-size")));
}

TEST(EmulatedDeviceTest, BitmapOfAnotherLengthIsDamaged) {
  SavedDevice parts = MemParts();
  parts.early->push_back('\0');
  EXPECT_THAT(Import(EmulatedMem(), parts).status.message(),
              HasSubstr("too long"));
  parts = MemParts();
  // A region of 2^63 bytes.
  (*parts.early)[8] = '\x80';
  EXPECT_THAT(Import(EmulatedMem(), parts).status.message(),
              HasSubstr("has no bitmap"));
  parts = MemParts();
  (*parts.early)[8 + 8 + 5] = '\0';
  EXPECT_THAT(Import(EmulatedMem(), parts).status.message(),
              HasSubstr("a block size of 0"));
}

TEST(EmulatedDeviceTest, GpuHasThePixelsOfTheGuest) {
  const Imported imported = Import(EmulatedGpu(), GpuParts());
  ASSERT_THAT(imported.status, IsOk());
  EXPECT_THAT(imported.findings, IsEmpty());
  const auto state = StateOf<GpuState>(imported.stream);
  EXPECT_EQ(state.config().num_scanouts(), 2u);
  ASSERT_THAT(state.resources(), SizeIs(1));
  const auto& resource = state.resources(0);
  EXPECT_EQ(resource.id(), 2u);
  EXPECT_EQ(resource.format(), 2u);
  EXPECT_EQ(resource.width(), 320u);
  EXPECT_EQ(resource.height(), 240u);
  EXPECT_EQ(resource.pixel_bytes(), 320u * 240 * 4);
  uint64_t backed = 0;
  for (const auto& range : resource.backing()) backed += range.length();
  EXPECT_EQ(backed, resource.pixel_bytes());
  ASSERT_THAT(state.pixels(), SizeIs(2));
  EXPECT_EQ(state.pixels(0).data().substr(65536, 16), "devstat\ndevstat\n");
  EXPECT_EQ(state.pixels(1).offset(), 262144u);
  EXPECT_EQ(state.pixels(1).data().size(), 45056u);
  ASSERT_THAT(state.scanouts(), SizeIs(1));
  EXPECT_EQ(state.scanouts(0).id(), 0u);
  EXPECT_EQ(state.scanouts(0).resource(), 2u);
  EXPECT_EQ(state.scanouts(0).width(), 320u);
  EXPECT_EQ(state.scanouts(0).height(), 240u);
  EXPECT_THAT(state.cursors(), IsEmpty());
  ASSERT_THAT(state.vrings(), SizeIs(2));
}

// The first of two displays of 64 bytes each is at the end.
size_t FirstDisplay(const SavedDevice& parts) {
  return parts.rest.size() - 128;
}

TEST(EmulatedDeviceTest, DisplaysOfAnOldMachineAreTheSame) {
  SavedDevice parts = GpuParts();
  const std::string stream = Import(EmulatedGpu(), parts).stream;
  const size_t first = FirstDisplay(parts);
  parts.rest.erase(first + 64 + 40);
  parts.rest.erase(first + 40, 24);
  EXPECT_TRUE(Import(EmulatedGpu(), parts).stream == stream);
}

// QEMU asks the first display alone of which machine it is.
TEST(EmulatedDeviceTest, DisplaysInTwoLayoutsAreNotGuessedAt) {
  SavedDevice parts = GpuParts();
  parts.rest.erase(FirstDisplay(parts) + 40, 24);
  EXPECT_THAT(Import(EmulatedGpu(), parts).status.message(),
              HasSubstr("saved in two layouts"));
}

TEST(EmulatedDeviceTest, CursorWhoseImageIsGoneIsHidden) {
  SavedDevice parts = GpuParts();
  const size_t first = FirstDisplay(parts);
  // The image, and the place from the left.
  parts.rest[first + 4 * 5 + 3] = 9;
  parts.rest[first + 4 * 8 + 3] = 33;
  const auto state = StateOf<GpuState>(Import(EmulatedGpu(), parts).stream);
  ASSERT_THAT(state.cursors(), SizeIs(1));
  EXPECT_EQ(state.cursors(0).resource(), 0u);
  EXPECT_EQ(state.cursors(0).x(), 33u);
}

TEST(EmulatedDeviceTest, CursorHasItsImage) {
  SavedDevice parts = GpuParts();
  const size_t first = FirstDisplay(parts);
  parts.rest[first + 4 * 5 + 3] = 9;
  parts.rest[first + 4 * 6 + 3] = 4;
  parts.rest[first + 4 * 7 + 3] = 5;
  // Number, sides, format, no guest memory, and pixels.
  parts.rest.insert(0, std::string("\0\0\0\x09\0\0\0\x40\0\0\0\x40\0\0\0\x01"
                                   "\0\0\0\0",
                                   20) +
                           std::string(size_t{64} * 64 * 4, 'p'));
  const auto state = StateOf<GpuState>(Import(EmulatedGpu(), parts).stream);
  ASSERT_THAT(state.cursors(), SizeIs(1));
  EXPECT_EQ(state.cursors(0).resource(), 9u);
  EXPECT_EQ(state.cursors(0).hot_x(), 4u);
  EXPECT_EQ(state.cursors(0).hot_y(), 5u);
  EXPECT_EQ(state.cursors(0).x(), 0u);
}

TEST(EmulatedDeviceTest, ImpossibleNumbersOfAGpuAreDamage) {
  const auto damage = [](size_t at, char byte) {
    SavedDevice parts = GpuParts();
    parts.rest[at] = byte;
    return std::string(Import(EmulatedGpu(), parts).status.message());
  };
  // After the number of the resource its sides, its format, and how many ranges
  // of guest memory it has.
  EXPECT_THAT(damage(4, 1), HasSubstr("a resource of 16777536 x 240"));
  EXPECT_THAT(damage(8, 1), HasSubstr("a resource of 320 x 16777456"));
  EXPECT_THAT(damage(16, 0x7f), HasSubstr(" ranges of guest memory"));
  EXPECT_THAT(damage(FirstDisplay(GpuParts()) - 3, 1),
              HasSubstr("65538 displays, expected up to 16"));
}

TEST(EmulatedDeviceTest, DisplayOfAResourceThatIsGoneIsRefused) {
  SavedDevice parts = GpuParts();
  parts.rest[FirstDisplay(parts) + 3] = 3;
  const Imported imported = Import(EmulatedGpu(), parts);
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings, Contains(HasSubstr("gpu-scanout")));
}

TEST(EmulatedDeviceTest, BlobsAreRefused) {
  SavedDevice parts = GpuParts();
  const std::string stream = Import(EmulatedGpu(), parts).stream;
  const std::string header("\x05\x0fvirtio-gpu/blob\0\0\0\x01", 21);
  const std::string rest = parts.rest;
  parts.rest = rest + header + std::string(4, '\0');
  EXPECT_TRUE(Import(EmulatedGpu(), parts).stream == stream);
  parts.rest.back() = 7;
  const Imported imported = Import(EmulatedGpu(), parts);
  EXPECT_THAT(imported.stream, IsEmpty());
  EXPECT_THAT(imported.findings,
              ElementsAre(HasSubstr("start the machine without blob=on")));
}

TEST(EmulatedDeviceTest, GpuThatGoesOnIsDamaged) {
  SavedDevice parts = GpuParts();
  parts.rest += std::string("\x05\x03new\0\0\0\x01", 9);
  EXPECT_THAT(Import(EmulatedGpu(), parts).status.message(),
              HasSubstr("no subsection of virtio-gpu that is known"));
  // Blobs, of which there are none, and a byte.
  parts = GpuParts();
  parts.rest += std::string("\x05\x0fvirtio-gpu/blob\0\0\0\x01\0\0\0\0x", 26);
  EXPECT_THAT(Import(EmulatedGpu(), parts).status.message(),
              HasSubstr("the state goes on after the blobs"));
}

// Checks that no beginning of `part`, which is in `parts`, is a state.
void ExpectNoShorter(const EmulatedType& type, const SavedDevice& parts,
                     std::string* part, bool has_subsections) {
  const std::string whole = *part;
  const size_t step = whole.size() / 1000 + 1;
  for (size_t size = 0; size < whole.size(); size += step) {
    *part = whole.substr(0, size);
    const Imported imported = Import(type, parts);
    // Whole subsections may be missing without a trace.
    if (has_subsections && imported.status.ok()) continue;
    EXPECT_TRUE(GetErrorDetail(imported.status).has_value())
        << type.name << " " << size;
    EXPECT_THAT(imported.stream, IsEmpty());
  }
  *part = whole;
}

TEST(EmulatedDeviceTest, EveryShorterStateIsDamaged) {
  for (const EmulatedType* type : EmulatedTypes()) {
    SavedDevice parts;
    if (type == &EmulatedIommu()) {
      parts.virtio = Iommu(IommuConfig(), OneDomain());
    } else {
      parts = PartsOf(*type, type == &EmulatedGpu() || type == &EmulatedMem()
                                 ? kDisplayGuest
                                 : kGuest);
    }
    ExpectNoShorter(*type, parts, &parts.virtio, true);
    ExpectNoShorter(*type, parts, &parts.rest, false);
    if (parts.early.has_value()) {
      ExpectNoShorter(*type, parts, &*parts.early, false);
    }
  }
}

TEST(EmulatedDeviceTest, TypesAreFoundByTheirNames) {
  for (const EmulatedType* type : EmulatedTypes()) {
    EXPECT_EQ(FindEmulatedType(type->name), type);
  }
  EXPECT_EQ(FindEmulatedType("virtio-fs"), nullptr);
}

TEST(EmulatedDeviceTest, StateOfAnotherSchemaIsNotTaken) {
  const std::string stream =
      Import(EmulatedConsole(), Saved(EmulatedConsole())).stream;
  EXPECT_EQ(Export(EmulatedNet(), Saved(EmulatedNet()), stream).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace devstate::qemu::testing
