// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The description of the devices that QEMU writes after the device sections of
// a migration: JSON with the size of every field.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_DEVICE_DESCRIPTION_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_DEVICE_DESCRIPTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace devstate {

// The field that a back-end's state is in.
struct StateField {
  enum class Place {
    // The field is the state: subsection "vhost-user-fs-backend".
    kWhole,
    // The state is somewhere in the field, whose own parts QEMU does not
    // describe: field "virtio" of a virtio-net device.
    kInside,
  };
  Place place = Place::kWhole;
  // The offset from the start of the section's body, and the size.
  uint64_t offset = 0;
  uint64_t size = 0;
  // The place in the text at which its size is written, and the number of
  // decimal digits there.
  size_t size_at = 0;
  size_t size_digits = 0;
};

// The field that requests in flight are in: subsection
// "vhost-user-blk/inflight".
struct InflightField {
  // The offset from the start of the section's body, and the size.
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The field that has all that a virtio device saves: field "virtio", whose own
// parts QEMU does not describe.
struct VirtioField {
  // As those of StateField.
  uint64_t offset = 0;
  uint64_t size = 0;
  size_t size_at = 0;
  size_t size_digits = 0;
};

// One section of a device.
struct DeviceDescription {
  // QEMU's name of the section: "0000:00:01.0/vhost-user-fs".
  std::string name;
  // What QEMU calls the description of its fields: "vhost-user-fs".
  std::string type;
  uint64_t instance = 0;
  // The section's version. Sections in QEMU's old style do not say it.
  absl::optional<uint64_t> version;
  // The bytes between the section's header and its footer.
  uint64_t body_size = 0;
  absl::optional<StateField> state;
  // The region of requests in flight that a vhost-user-blk device sends.
  absl::optional<InflightField> inflight;
  absl::optional<VirtioField> virtio;
};

// The most devices that a description may have: far more than machines have.
inline constexpr size_t kMaxDevices = size_t{1} << 16;

// The name of the subsection that is a state in the sense of kWhole.
inline constexpr absl::string_view kFsStateSubsection = "vhost-user-fs-backend";

// The name of the subsection that has requests in flight.
inline constexpr absl::string_view kInflightSubsection =
    "vhost-user-blk/inflight";

// Parses the description and returns the devices in the order of their
// sections. INVALID_ARGUMENT, with the place in the text, for what is not such
// JSON, for sizes that add up to more than 2^62, and for more than kMaxDevices.
absl::StatusOr<std::vector<DeviceDescription>> ParseDeviceDescription(
    absl::string_view text);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_DEVICE_DESCRIPTION_H_
