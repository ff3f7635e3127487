// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/virtqueue/guest_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/map_file.h"

namespace devstate::virtqueue {
namespace {

using vhost_user::MemoryRegion;

bool Overflows(uint64_t start, uint64_t size) { return start + size < start; }

bool Overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  return a < b + b_size && b < a + a_size;
}

}  // namespace

class GuestMemory::Mapping {
 public:
  static absl::StatusOr<std::shared_ptr<const Mapping>> Map(
      const MemoryRegion& region) {
    if (region.size == 0 || Overflows(region.guest_address, region.size) ||
        Overflows(region.user_address, region.size) ||
        Overflows(region.mmap_offset, region.size)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "guest memory: a region of ", region.size, " bytes at 0x",
          absl::Hex(region.guest_address), " has no end"));
    }
    // From the start of the file: the offset need not be that of a page, and
    // those of huge pages are large.
    const uint64_t length = region.mmap_offset + region.size;
    void* base = MapFile(region.fd.get(), 0, length, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_NORESERVE);
    if (base == MAP_FAILED) return ErrnoStatus(errno, "guest memory");
    return std::shared_ptr<const Mapping>(
        new Mapping(region, static_cast<char*>(base), length));
  }
  ~Mapping() { ::munmap(base_, length_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  uint64_t guest_address() const { return guest_address_; }
  uint64_t user_address() const { return user_address_; }
  uint64_t size() const { return size_; }
  // Returns the byte at an offset into the region.
  char* At(uint64_t offset) const { return base_ + (length_ - size_) + offset; }

 private:
  Mapping(const MemoryRegion& region, char* base, uint64_t length)
      : guest_address_(region.guest_address),
        user_address_(region.user_address),
        size_(region.size),
        base_(base),
        length_(length) {}

  const uint64_t guest_address_;
  const uint64_t user_address_;
  const uint64_t size_;
  char* const base_;
  const uint64_t length_;
};

absl::Status GuestMemory::Add(const MemoryRegion& region) {
  DS_ASSIGN_OR_RETURN(std::shared_ptr<const Mapping> added,
                      Mapping::Map(region));
  for (const auto& mapping : mappings_) {
    if (Overlap(mapping->guest_address(), mapping->size(), region.guest_address,
                region.size) ||
        Overlap(mapping->user_address(), mapping->size(), region.user_address,
                region.size)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "guest memory: the region of ", region.size, " bytes at 0x",
          absl::Hex(region.guest_address), " overlaps the one at 0x",
          absl::Hex(mapping->guest_address())));
    }
  }
  mappings_.push_back(std::move(added));
  return absl::OkStatus();
}

absl::Status GuestMemory::Remove(const MemoryRegion& region) {
  const auto found = std::find_if(
      mappings_.begin(), mappings_.end(), [&region](const auto& mapping) {
        return mapping->guest_address() == region.guest_address &&
               mapping->user_address() == region.user_address &&
               mapping->size() == region.size;
      });
  if (found == mappings_.end()) {
    return absl::NotFoundError(
        absl::StrCat("guest memory: there is no region of ", region.size,
                     " bytes at 0x", absl::Hex(region.guest_address)));
  }
  mappings_.erase(found);
  return absl::OkStatus();
}

absl::StatusOr<char*> GuestMemory::AtGuest(uint64_t address,
                                           uint64_t size) const {
  for (const auto& mapping : mappings_) {
    const uint64_t offset = address - mapping->guest_address();
    if (offset < mapping->size() && size <= mapping->size() - offset) {
      return mapping->At(offset);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("guest memory has no ", size,
                                                 " bytes at guest address 0x",
                                                 absl::Hex(address)));
}

absl::StatusOr<char*> GuestMemory::AtUser(uint64_t address,
                                          uint64_t size) const {
  for (const auto& mapping : mappings_) {
    const uint64_t offset = address - mapping->user_address();
    if (offset < mapping->size() && size <= mapping->size() - offset) {
      return mapping->At(offset);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("guest memory has no ", size,
                                                 " bytes at user address 0x",
                                                 absl::Hex(address)));
}

}  // namespace devstate::virtqueue
