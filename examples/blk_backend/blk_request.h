// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_REQUEST_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "devstate/transport/virtqueue/chain_buffers.h"
#include "examples/blk_backend/disk.h"

namespace devstate::blk::examples {

// The most sectors of a segment, and segments of a request, that free or zero.
inline constexpr uint32_t kMaxRangeSectors = 1 << 15;
inline constexpr uint32_t kMaxRanges = 16;

// What requests are carried out on.
struct BlkTarget {
  Disk* disk = nullptr;
  std::string device_id;
  // Whether a write is answered before it is stable.
  bool writeback = true;
};

// Carries out the request in `buffers` and writes its status. Returns how many
// bytes were written to the guest. A request that fails is one that is answered
// so. INVALID_ARGUMENT if it has no header or no place for a status: then there
// is no answer to give.
absl::StatusOr<uint32_t> RunBlkRequest(virtqueue::ChainBuffers buffers,
                                       const BlkTarget& target);

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_REQUEST_H_
