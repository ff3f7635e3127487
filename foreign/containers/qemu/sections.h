// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The frame of a device's section; docs/qemu_files.md.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_SECTIONS_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_SECTIONS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/foreign/containers/qemu/device_description.h"
#include "devstate/foreign/containers/random_access.h"

namespace devstate {

// The size of the magic and version that a migration starts with.
inline constexpr uint64_t kQemuHeaderSize = 8;
// The size of a section's footer: its type and the section's id.
inline constexpr uint64_t kSectionFooterSize = 5;

// Returns the size of what comes before the body of the device's section.
uint64_t SectionHeaderSize(const DeviceDescription& device);

// Returns whether the section of `device` is from `header` to `end`, where its
// footer is unless that has no bytes.
//
// Requires: the range is inside the file and has room for header and footer.
absl::StatusOr<bool> IsSection(const DeviceDescription& device, uint64_t header,
                               uint64_t end, uint64_t footer_size,
                               ReadWindow& window);

// Returns where the bodies of the first of `devices` are, as many as QEMU has
// sent before guest memory in the migration that starts at `start` and ends
// before `limit`. What comes before them, the configuration and the list of the
// blocks of guest memory, is parsed, and nothing is searched: what is not laid
// out as expected ends the result.
absl::StatusOr<std::vector<uint64_t>> FindEarlySections(
    RandomAccess* file, uint64_t start, uint64_t limit, uint64_t footer_size,
    const std::vector<DeviceDescription>& devices);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_SECTIONS_H_
