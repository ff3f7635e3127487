// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_CHAIN_BUFFERS_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_CHAIN_BUFFERS_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::virtqueue {

// A run of bytes in guest memory that need not be contiguous.
class Buffers {
 public:
  void Append(char* data, size_t size) { parts_.push_back({data, size}); }
  // In bytes.
  uint64_t size() const;
  // For readv() and writev(). None is empty.
  const std::vector<iovec>& parts() const { return parts_; }

  // Copy `size` bytes from or to the front, and remove them. Return false, and
  // do nothing, if there are fewer.
  bool TakeFront(void* to, size_t size);
  bool FillFront(const void* from, size_t size);
  // Splits the last `size` bytes off. Returns false if there are fewer.
  bool SplitBack(size_t size, Buffers* back);

 private:
  // Calls `use` with pieces of the first `size` bytes and removes them.
  template <typename Use>
  bool Consume(size_t size, Use use);

  std::vector<iovec> parts_;
};

// The memory of a chain.
struct ChainBuffers {
  Buffers readable;
  Buffers writable;
};

// Returns where the buffers of `chain` are mapped. INVALID_ARGUMENT if one is
// empty or not in guest memory, or if one to read follows one to write (VIRTIO
// 1.3, section 2.7.4.2), or if all have more than 2^32 - 1 bytes.
absl::StatusOr<ChainBuffers> FindBuffers(const Chain& chain,
                                         const GuestMemory& memory);

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_CHAIN_BUFFERS_H_
