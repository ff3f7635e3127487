// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A state inside a field whose parts QEMU does not describe, as that of a
// virtio-net device.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_INNER_STATE_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_INNER_STATE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "devstate/foreign/containers/random_access.h"

namespace devstate {

// Returns the offset of the first chunk's length, in the field from `begin` to
// `end`. Nothing if the device has no state of a back-end.
//
// The field also has tables that a guest fills in (MAC addresses, VLANs). So a
// place counts only if the chunks that would start there are followed by what
// QEMU writes after them. INVALID_ARGUMENT if two places do.
absl::StatusOr<absl::optional<uint64_t>> FindInnerState(RandomAccess* file,
                                                        uint64_t begin,
                                                        uint64_t end);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_INNER_STATE_H_
