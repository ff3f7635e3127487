// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The guest's side of a virtqueue, for tests.

#ifndef DEVSTATE_TRANSPORT_VIRTQUEUE_TEST_DRIVER_H_
#define DEVSTATE_TRANSPORT_VIRTQUEUE_TEST_DRIVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/vhost_user/data_plane.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "devstate/transport/virtqueue/ring_layout.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::virtqueue {

// A driver with guest memory of its own and one ring in it. Guest memory has
// one region, from kGuestBase on. The ring takes its start; the rest is free
// for buffers.
class TestDriver {
 public:
  static constexpr uint64_t kGuestBase = 0x100000;
  static constexpr uint64_t kUserBase = 0x7f0000000000;
  static constexpr uint64_t kMemorySize = 1 << 20;
  static constexpr uint64_t kBuffers = kGuestBase + (kMemorySize / 2);

  TestDriver(bool packed, uint32_t size);

  // Returns the region with a descriptor of its own.
  vhost_user::MemoryRegion region() const;
  GuestMemory memory() const;
  // Returns a setup without descriptors of events.
  vhost_user::RingSetup setup(uint32_t base = 0) const;
  // Returns the base of a packed ring that starts, or 0.
  uint32_t first_base() const { return packed_ ? 0x80008000u : 0; }

  // Makes a chain available and returns its id.
  uint16_t Add(const std::vector<Descriptor>& descriptors);
  // Returns the next answer.
  std::optional<Used> Next();

  // Returns a byte of guest memory.
  char* At(uint64_t guest_address) const {
    return base_ + (guest_address - kGuestBase);
  }
  // Return the ring's parts, for what no driver does.
  SplitDescriptor* split() const {
    return reinterpret_cast<SplitDescriptor*>(base_);
  }
  PackedDescriptor* packed() const {
    return reinterpret_cast<PackedDescriptor*>(base_);
  }
  uint16_t* available() const {
    return reinterpret_cast<uint16_t*>(base_ + kAvailable);
  }
  void Suppress(bool suppressed);

 private:
  static constexpr uint64_t kAvailable = 0x20000;
  static constexpr uint64_t kUsed = 0x30000;

  const bool packed_;
  const uint32_t size_;
  FileDescriptor file_;
  char* base_ = nullptr;
  GuestMemory memory_;
  std::vector<uint16_t> free_;            // of descriptors, or buffer IDs
  std::map<uint16_t, uint16_t> lengths_;  // of the chains that are out
  std::map<uint16_t, std::vector<uint16_t>> chains_;  // of a split ring
  PackedPlace next_;                                  // to make available
  PackedPlace used_;
};

}  // namespace devstate::virtqueue

#endif  // DEVSTATE_TRANSPORT_VIRTQUEUE_TEST_DRIVER_H_
