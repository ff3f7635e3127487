// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device state of any size for the tests under QEMU, with checksums of its
// own: header, numbered chunks, trailer. Nothing of it is kept in memory.

#ifndef DEVSTATE_TESTS_QEMU_OPAQUE_STATE_H_
#define DEVSTATE_TESTS_QEMU_OPAQUE_STATE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// The state is `size` bytes that follow from `seed`.
struct OpaqueState {
  uint64_t size = 0;
  uint64_t seed = 0;
};

inline bool operator==(const OpaqueState& a, const OpaqueState& b) {
  return a.size == b.size && a.seed == b.seed;
}

absl::Status WriteOpaqueState(const OpaqueState& state, ByteSink& sink);

// DATA_LOSS, with chunk and offset, for whatever is not as it was written.
absl::StatusOr<OpaqueState> ReadOpaqueState(ByteSource& source);

}  // namespace devstate

#endif  // DEVSTATE_TESTS_QEMU_OPAQUE_STATE_H_
