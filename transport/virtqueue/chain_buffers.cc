// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/chain_buffers.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/virtqueue/ring_layout.h"

namespace devstate::virtqueue {

uint64_t Buffers::size() const {
  uint64_t size = 0;
  for (const iovec& part : parts_) size += part.iov_len;
  return size;
}

template <typename Use>
bool Buffers::Consume(size_t size, Use use) {
  if (this->size() < size) return false;
  size_t done = 0;  // whole parts
  while (size > 0) {
    iovec& part = parts_[done];
    const size_t piece = std::min(size, part.iov_len);
    use(static_cast<char*>(part.iov_base), piece);
    part.iov_base = static_cast<char*>(part.iov_base) + piece;
    part.iov_len -= piece;
    size -= piece;
    if (part.iov_len == 0) ++done;
  }
  parts_.erase(parts_.begin(), parts_.begin() + done);
  return true;
}

bool Buffers::TakeFront(void* to, size_t size) {
  char* next = static_cast<char*>(to);
  return Consume(size, [&next](const char* data, size_t piece) {
    std::memcpy(next, data, piece);
    next += piece;
  });
}

bool Buffers::FillFront(const void* from, size_t size) {
  const char* next = static_cast<const char*>(from);
  return Consume(size, [&next](char* data, size_t piece) {
    std::memcpy(data, next, piece);
    next += piece;
  });
}

bool Buffers::SplitBack(size_t size, Buffers* back) {
  const uint64_t all = this->size();
  if (all < size) return false;
  Buffers front;
  Consume(all - size,
          [&front](char* data, size_t piece) { front.Append(data, piece); });
  *back = std::exchange(*this, std::move(front));
  return true;
}

absl::StatusOr<ChainBuffers> FindBuffers(const Chain& chain,
                                         const GuestMemory& memory) {
  ChainBuffers buffers;
  uint64_t total = 0;
  for (const Descriptor& descriptor : chain.descriptors) {
    const bool writable = (descriptor.flags & kDescWrite) != 0;
    if (descriptor.length == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain ", chain.id, ": an empty buffer"));
    }
    total += descriptor.length;
    if (total > UINT32_MAX) {
      return absl::InvalidArgumentError(
          absl::StrCat("chain ", chain.id, ": more than 2^32 - 1 bytes"));
    }
    if (!writable && !buffers.writable.parts().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "chain ", chain.id, ": a buffer to read follows one to write"));
    }
    DS_ASSIGN_OR_RETURN(char* const data,
                        memory.AtGuest(descriptor.address, descriptor.length));
    (writable ? buffers.writable : buffers.readable)
        .Append(data, descriptor.length);
  }
  return buffers;
}

}  // namespace devstate::virtqueue
