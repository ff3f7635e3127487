// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a ring in the memory of a hostile guest. An input is
//   byte 0        bit 0: packed
//   byte 1        descriptors of the ring, from 1; 2^(it mod 9) of a split ring
//   bytes 2 to 5  what SET_VRING_BASE says, little-endian
//   then          by turns 16 bytes of the descriptors, 2 of the available ring
//                 and 2 of the used ring

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"
#include "devstate/transport/virtqueue/chain_buffers.h"
#include "devstate/transport/virtqueue/guest_memory.h"
#include "devstate/transport/virtqueue/virtqueue.h"
#include "fuzz/promise.h"

namespace devstate::virtqueue {
namespace {

using ::devstate::fuzz::Promise;

constexpr uint64_t kGuestBase = 0x10000;
constexpr uint64_t kUserBase = 0x7f0000000000;
constexpr uint64_t kAvailable = 0x2000;
constexpr uint64_t kUsed = 0x3000;
constexpr uint64_t kSize = 0x5000;

// The memory of all inputs, one after the other.
struct Guest {
  Guest() {
    const int fd = ::memfd_create("guest", MFD_CLOEXEC);
    vhost_user::MemoryRegion region;
    region.guest_address = kGuestBase;
    region.user_address = kUserBase;
    region.size = kSize;
    region.fd = FileDescriptor(fd);
    if (::ftruncate(fd, kSize) != 0 || !memory.Add(region).ok()) std::abort();
    base = *memory.AtUser(kUserBase, kSize);
  }

  GuestMemory memory;
  char* base = nullptr;
};

// Copies up to `size` bytes, as far as there are some.
void Put(absl::string_view* bytes, size_t size, char* to) {
  size = std::min(size, bytes->size());
  std::memcpy(to, bytes->data(), size);
  bytes->remove_prefix(size);
}

void CheckBuffers(const Chain& chain, const Guest& guest) {
  const auto buffers = FindBuffers(chain, guest.memory);
  if (!buffers.ok()) return;
  uint64_t length = 0;
  for (const Descriptor& descriptor : chain.descriptors) {
    length += descriptor.length;
  }
  Promise(buffers->readable.size() + buffers->writable.size() == length,
          "the buffers of a chain are all of it");
  for (const Buffers* part : {&buffers->readable, &buffers->writable}) {
    for (const iovec& piece : part->parts()) {
      const char* begin = static_cast<const char*>(piece.iov_base);
      Promise(begin >= guest.base && piece.iov_len > 0 &&
                  begin + piece.iov_len <= guest.base + kSize,
              "a buffer lies in guest memory");
    }
  }
}

void TakeAll(bool packed, const vhost_user::RingSetup& setup,
             const Guest& guest) {
  const auto opened = OpenVirtqueue(setup, packed, guest.memory);
  if (!opened.ok()) return;
  Virtqueue& queue = **opened;
  const uint32_t size = queue.size();
  uint32_t taken = 0;
  while (true) {
    const auto chain = queue.Take();
    if (!chain.ok() || !chain->has_value()) break;
    Promise(++taken <= size, "a ring has no more chains than descriptors");
    const size_t length = (*chain)->descriptors.size();
    Promise(length > 0 && length <= size, "a chain is no longer than its ring");
    Promise(packed || (*chain)->id < size, "a head is one of the ring");
    CheckBuffers(**chain, guest);
    if (!packed) {
      const auto again = queue.Reread((*chain)->id);
      Promise(again.ok() && again->descriptors.size() == length,
              "a chain is read again as it was");
    }
    // Each second answer waits, as those of a real device do.
    if (taken % 2 == 0) continue;
    queue.Publish({{(*chain)->id, static_cast<uint16_t>(length), 1}});
    queue.WantsNotification();
  }
  const RingPosition position = queue.position();
  Promise(
      !packed || (position.avail.index < size && position.used.index < size),
      "a place is one of the ring");
  Promise(!packed || PackedPosition(queue.base()).avail == position.avail,
          "the base says where the device takes");
}

void Run(absl::string_view bytes) {
  static const Guest& guest = *new Guest();
  if (bytes.size() < 6) return;
  std::memset(guest.base, 0, kSize);
  const bool packed = (bytes[0] & 1) != 0;
  const auto size = static_cast<uint8_t>(bytes[1]);
  vhost_user::RingSetup setup;
  setup.size = packed ? 1u + size : 1u << size % 9;
  setup.address.descriptors = kUserBase;
  setup.address.available = kUserBase + kAvailable;
  setup.address.used = kUserBase + kUsed;
  std::memcpy(&setup.base, bytes.data() + 2, sizeof(setup.base));
  // A split ring has 16 bits of it, and the other half is refused.
  if (!packed) setup.base &= 0xffff;
  bytes.remove_prefix(6);
  for (size_t i = 0; i < 256 && !bytes.empty(); ++i) {
    Put(&bytes, 16, guest.base + 16 * i);
    Put(&bytes, 2, guest.base + kAvailable + 2 * i);
    Put(&bytes, 2, guest.base + kUsed + 2 * i);
  }
  TakeAll(packed, setup, guest);
}

}  // namespace
}  // namespace devstate::virtqueue

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::virtqueue::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
