// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// QEMU saves a virtio device as one field of its description: the transport,
// the device, its queues, its own fields, and subsections one after the other.
// None of them has a length, so every part must be known to find the next. That
// makes a layout that this does not know an error and never a wrong value.

#include "devstate/foreign/states/qemu/virtio_state.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace devstate::qemu {
namespace {

constexpr char kSubsection = 0x05;

constexpr size_t kPciConfig = 256;
constexpr size_t kPciExpressConfig = 4096;
constexpr uint16_t kVirtioVendor = 0x1af4;
constexpr size_t kPciStatus = 6;
constexpr uint8_t kPciHasCapabilities = 0x10;
constexpr size_t kPciFirstCapability = 0x34;
constexpr uint8_t kPciExpress = 0x10;
constexpr uint8_t kPciMsix = 0x11;
constexpr size_t kMsixEntry = 16;
// Four pins.
constexpr size_t kInterrupts = 16;

constexpr absl::string_view kFeatures64 = "virtio/64bit_features";
constexpr absl::string_view kFeatures128 = "virtio/128bit_features";
constexpr absl::string_view kPackedQueues = "virtio/packed_virtqueues";
constexpr absl::string_view kModernState = "virtio_pci/modern_state";
constexpr absl::string_view kEndian = "virtio/device_endian";
constexpr absl::string_view kBroken = "virtio/broken";
constexpr absl::string_view kDisabled = "virtio/disabled";
constexpr char kBigEndian = 2;

constexpr size_t kPackedQueue = 2 + 1 + 2 + 1 + 4;
// Before the queues of kModernState, and each of them.
constexpr size_t kModernStart = 4 + 4 + 8;
constexpr size_t kModernQueue = 2 + 1 + 1 + 3 * 8;
constexpr size_t kModernEnabled = 3;

struct KnownSubsection {
  absl::string_view name;
  size_t size;
};

constexpr KnownSubsection kKnown[] = {
    {kEndian, 1},
    {kFeatures64, 8},
    {kFeatures128, 8},
    {"virtio/virtqueues", kMaxQueues * 16},
    {"virtio/ringsize", kMaxQueues * 4},
    {kBroken, 1},
    // Its content is the subsections that follow.
    {"virtio/extra_state", 0},
    {kModernState, kModernStart + kMaxQueues* kModernQueue},
    {"virtio_pci/modern_state/features128", 8},
    {"virtio/started", 1},
    {kPackedQueues, kMaxQueues* kPackedQueue},
    {kDisabled, 1},
};

// Returns the place of a capability in the configuration space of a PCI device,
// or 0.
size_t FindCapability(absl::string_view config, uint8_t id) {
  if ((LittleEndian(config, kPciStatus, 1) & kPciHasCapabilities) == 0) {
    return 0;
  }
  size_t at = LittleEndian(config, kPciFirstCapability, 1);
  // A list that is no loop has less than these.
  for (int i = 0; i < 64 && at != 0; ++i) {
    if (LittleEndian(config, at, 1) == id) return at;
    at = LittleEndian(config, at + 1, 1);
  }
  return 0;
}

size_t MsixEntries(absl::string_view config) {
  const size_t at = FindCapability(config, kPciMsix);
  return at == 0 ? 0 : (LittleEndian(config, at + 2, 2) & 0x7ff) + 1;
}

void VisitConfig(FieldsIn& fields, std::string* config) {
  fields.Raw("the PCI configuration space", kPciConfig, config);
  if (!fields.ok()) return;
  if (LittleEndian(*config, 0, 2) != kVirtioVendor) {
    fields.Fail(
        "no virtio device on PCI: those of other transports are not read");
    return;
  }
  if (FindCapability(*config, kPciExpress) == 0) return;
  std::string more;
  fields.Raw("the PCI Express configuration space",
             kPciExpressConfig - kPciConfig, &more);
  config->append(more);
}

void VisitConfig(FieldsOut& fields, const std::string* config) {
  fields.Raw("the PCI configuration space", config->size(), config);
}

void VisitCount(FieldsIn& fields, std::vector<VirtioQueue>* queues) {
  uint32_t count = 0;
  fields.U32("the number of queues", &count);
  if (count > kMaxQueues) {
    fields.Fail(absl::StrCat(count, " queues; QEMU has up to ", kMaxQueues));
    return;
  }
  queues->resize(count);
}

void VisitCount(FieldsOut& fields, const std::vector<VirtioQueue>* queues) {
  const auto count = static_cast<uint32_t>(queues->size());
  fields.U32("the number of queues", &count);
}

void VisitDeviceConfig(FieldsIn& fields, std::string* config) {
  // Of 16 bits in all devices.
  constexpr uint32_t kMost = 1 << 16;
  uint32_t size = 0;
  fields.U32("the size of the configuration space", &size);
  if (size > kMost) {
    fields.Fail(absl::StrCat("a configuration space of ", size,
                             " bytes, expected ", kMost, " at most"));
    return;
  }
  fields.Raw("the configuration space", size, config);
}

void VisitDeviceConfig(FieldsOut& fields, const std::string* config) {
  const auto size = static_cast<uint32_t>(config->size());
  fields.U32("the size of the configuration space", &size);
  fields.Raw("the configuration space", size, config);
}

template <typename Fields>
void Start(Fields& fields, VirtioState* state) {
  fields.U32("the version of the PCI device", &state->pci_version);
  VisitConfig(fields, &state->pci_config);
  fields.Raw("the interrupts", kInterrupts, &state->interrupts);
  const size_t vectors = MsixEntries(state->pci_config);
  if (vectors != 0) {
    fields.Raw("the MSI-X table", vectors * kMsixEntry, &state->msix_table);
    fields.Raw("the pending MSI-X vectors", (vectors + 7) / 8,
               &state->msix_pending);
    fields.U16("the vector of changes of the configuration",
               &state->config_vector);
  }
  fields.U8("the status", &state->status);
  fields.U8("the interrupt status", &state->isr);
  fields.U16("the selected queue", &state->queue_select);
  fields.U32("the features", &state->features_low);
  VisitDeviceConfig(fields, &state->config);
  VisitCount(fields, &state->queues);
  for (VirtioQueue& queue : state->queues) {
    fields.U32("the size of a queue", &queue.size);
    fields.U64("the address of a queue", &queue.descriptors);
    fields.U16("the position of a queue", &queue.last_avail_idx);
    if (vectors != 0) fields.U16("the vector of a queue", &queue.vector);
  }
}

template <typename State>
auto FindIn(State& state, absl::string_view name)
    -> decltype(&state.subsections[0].bytes) {
  for (auto& subsection : state.subsections) {
    if (subsection.name == name) return &subsection.bytes;
  }
  return nullptr;
}

uint64_t BigEndian(absl::string_view bytes, size_t offset, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size && offset + i < bytes.size(); ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  }
  return value;
}

}  // namespace

void VisitStart(FieldsIn& fields, VirtioState* state) { Start(fields, state); }
void VisitStart(FieldsOut& fields, VirtioState* state) { Start(fields, state); }

void VisitEnd(FieldsIn& fields, SubsectionSize size, VirtioState* state) {
  while (fields.ok() && !fields.rest().empty()) {
    uint8_t type = 0;
    uint8_t length = 0;
    Subsection subsection;
    fields.U8("the type of a subsection", &type);
    if (type != kSubsection) {
      fields.Fail(
          "no subsection starts here: the device's own fields are laid out in "
          "a way that is not known, or the file is damaged");
      return;
    }
    fields.U8("the length of a subsection's name", &length);
    fields.Raw("the name of a subsection", length, &subsection.name);
    fields.U32("the version of a subsection", &subsection.version);
    if (!fields.ok()) return;
    absl::optional<size_t> bytes;
    for (const KnownSubsection& known : kKnown) {
      if (known.name == subsection.name) bytes = known.size;
    }
    if (!bytes.has_value() && size != nullptr) {
      bytes = size(subsection, fields.rest());
    }
    if (!bytes.has_value()) {
      fields.Fail(absl::StrCat("the subsection \"",
                               absl::Utf8SafeCEscape(subsection.name),
                               "\" is not known: it is of a newer QEMU"));
      return;
    }
    fields.Raw("a subsection", *bytes, &subsection.bytes);
    state->subsections.push_back(std::move(subsection));
  }
}

void VisitEnd(FieldsOut& fields, SubsectionSize, VirtioState* state) {
  for (const Subsection& subsection : state->subsections) {
    const auto type = static_cast<uint8_t>(kSubsection);
    const auto length = static_cast<uint8_t>(subsection.name.size());
    fields.U8("", &type);
    fields.U8("", &length);
    fields.Raw("", length, &subsection.name);
    fields.U32("", &subsection.version);
    fields.Raw("", subsection.bytes.size(), &subsection.bytes);
  }
}

const std::string* VirtioState::Find(absl::string_view name) const {
  return FindIn(*this, name);
}

std::string* VirtioState::Find(absl::string_view name) {
  return FindIn(*this, name);
}

uint64_t VirtioState::Features() const {
  const std::string* const all = Find(kFeatures64);
  return all == nullptr ? features_low : BigEndian(*all, 0, 8);
}

bool VirtioState::IsEnabled(size_t queue) const {
  const std::string* const modern = Find(kModernState);
  if (modern == nullptr || !Has(kVersion1Bit)) {
    return queues[queue].descriptors != 0;
  }
  return BigEndian(*modern,
                   kModernStart + queue * kModernQueue + kModernEnabled,
                   1) != 0;
}

PackedQueue VirtioState::Packed(size_t queue) const {
  PackedQueue position;
  const std::string* const all = Find(kPackedQueues);
  if (all == nullptr) return position;
  const size_t at = queue * kPackedQueue;
  position.last_avail_idx = static_cast<uint16_t>(BigEndian(*all, at, 2));
  position.last_avail_wrap = static_cast<uint8_t>(BigEndian(*all, at + 2, 1));
  position.used_idx = static_cast<uint16_t>(BigEndian(*all, at + 3, 2));
  position.used_wrap = static_cast<uint8_t>(BigEndian(*all, at + 5, 1));
  position.in_use = static_cast<uint32_t>(BigEndian(*all, at + 6, 4));
  return position;
}

void VirtioState::SetPacked(size_t queue, const PackedQueue& position) {
  std::string* const all = Find(kPackedQueues);
  if (all == nullptr) return;
  FieldsOut fields;
  fields.U16("", &position.last_avail_idx);
  fields.U8("", &position.last_avail_wrap);
  fields.U16("", &position.used_idx);
  fields.U8("", &position.used_wrap);
  fields.U32("", &position.in_use);
  all->replace(queue * kPackedQueue, kPackedQueue, fields.bytes());
}

std::string VirtioState::Obstacle() const {
  const std::string* const endian = Find(kEndian);
  if (endian != nullptr && (*endian)[0] == kBigEndian) {
    return "the driver uses the device big-endian, as before VIRTIO 1.0, which "
           "no portable state can say";
  }
  const std::string* const broken = Find(kBroken);
  if (broken != nullptr && (*broken)[0] != 0) {
    return "the device has stopped because of a mistake of the driver, and the "
           "driver must reset it: do so and save again";
  }
  const std::string* const disabled = Find(kDisabled);
  if (disabled != nullptr && (*disabled)[0] != 0) {
    return "QEMU has switched the device off: take it off the machine instead";
  }
  const std::string* const more = Find(kFeatures128);
  if (more != nullptr && more->find_first_not_of('\0') != std::string::npos) {
    return "the driver has negotiated features above 63, which no portable "
           "state has: switch them off on the source and save again";
  }
  if (Has(kRingPackedBit) && Find(kPackedQueues) == nullptr) {
    return "the driver uses packed rings, and their positions are missing: "
           "save again";
  }
  return "";
}

}  // namespace devstate::qemu
