// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What QEMU saves of every virtio device on PCI, around the device's own
// fields. docs/qemu_files.md has the layout.

#ifndef DEVSTATE_FOREIGN_STATES_QEMU_VIRTIO_STATE_H_
#define DEVSTATE_FOREIGN_STATES_QEMU_VIRTIO_STATE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/foreign/states/qemu/fields.h"

namespace devstate::qemu {

// The most queues of a virtio device in QEMU.
inline constexpr uint32_t kMaxQueues = 1024;

// Bits of every device's features, and of its status.
inline constexpr int kVersion1Bit = 32;
inline constexpr int kRingPackedBit = 34;
inline constexpr uint8_t kDriverOk = 4;

struct VirtioQueue {
  uint32_t size = 0;
  // The guest's address of the descriptors; 0 if the queue is not set up.
  uint64_t descriptors = 0;
  uint16_t last_avail_idx = 0;
  uint16_t vector = 0;
};

// A part that QEMU writes only if it is needed.
struct Subsection {
  std::string name;
  uint32_t version = 0;
  std::string bytes;
};

// Where a packed ring is.
struct PackedQueue {
  uint16_t last_avail_idx = 0;
  uint8_t last_avail_wrap = 0;
  uint16_t used_idx = 0;
  uint8_t used_wrap = 0;
  // Descriptors that were taken and not answered.
  uint32_t in_use = 0;
};

struct VirtioState {
  // Of the transport.
  uint32_t pci_version = 0;
  std::string pci_config;
  std::string interrupts;
  std::string msix_table;
  std::string msix_pending;
  uint16_t config_vector = 0;
  // Of the device.
  uint8_t status = 0;
  uint8_t isr = 0;
  uint16_t queue_select = 0;
  uint32_t features_low = 0;
  std::string config;
  std::vector<VirtioQueue> queues;
  // Those of the device itself first.
  std::vector<Subsection> subsections;

  // Returns the bytes of a subsection, or null.
  const std::string* Find(absl::string_view name) const;
  std::string* Find(absl::string_view name);

  // Returns the features that the driver has negotiated.
  uint64_t Features() const;
  bool Has(int feature) const { return (Features() >> feature & 1) != 0; }
  // Returns whether the driver has switched the queue on.
  bool IsEnabled(size_t queue) const;
  // Returns the position of a packed ring; zeros if it was not saved.
  PackedQueue Packed(size_t queue) const;
  void SetPacked(size_t queue, const PackedQueue& position);

  // Returns why no state can be made of this device, whatever its type; empty
  // if nothing is in the way.
  std::string Obstacle() const;
};

// Returns the size of a subsection of a device, of which `header` has name and
// version, and whose bytes start at `rest`. Nothing if the device has none of
// this name.
using SubsectionSize = absl::optional<size_t> (*)(const Subsection& header,
                                                  absl::string_view rest);

// Read and write what comes before the device's own fields.
void VisitStart(FieldsIn& fields, VirtioState* state);
void VisitStart(FieldsOut& fields, VirtioState* state);
// Read and write the subsections, which end the state. `size` may be null.
void VisitEnd(FieldsIn& fields, SubsectionSize size, VirtioState* state);
void VisitEnd(FieldsOut& fields, SubsectionSize size, VirtioState* state);

// Reads a whole state, whose own fields `visit` has. An error is a StreamError.
template <typename Device, typename Visit>
absl::Status ReadState(absl::string_view bytes, Visit visit,
                       SubsectionSize size, VirtioState* state,
                       Device* device) {
  FieldsIn fields(bytes);
  VisitStart(fields, state);
  visit(fields, *state, device);
  VisitEnd(fields, size, state);
  return fields.status();
}

// Writes it.
template <typename Device, typename Visit>
std::string WriteState(VirtioState& state, Visit visit, Device* device) {
  FieldsOut fields;
  VisitStart(fields, &state);
  visit(fields, state, device);
  VisitEnd(fields, nullptr, &state);
  return std::move(fields.bytes());
}

}  // namespace devstate::qemu

#endif  // DEVSTATE_FOREIGN_STATES_QEMU_VIRTIO_STATE_H_
