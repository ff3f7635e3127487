// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/inflight_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/packed_inflight.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/errno_status.h"
#include "devstate/transport/io/map_file.h"

namespace devstate::recovery {
namespace {

using vhost_user::InflightDescription;
using vhost_user::InflightMemory;

constexpr char kWhat[] = "memory of requests in flight";

absl::Status CheckDescription(const InflightDescription& description,
                              bool packed) {
  if (description.num_queues == 0 ||
      description.num_queues > InflightRegion::kMaxQueues ||
      description.queue_size == 0 ||
      description.queue_size > InflightRegion::kMaxQueueSize) {
    return absl::InvalidArgumentError(
        absl::StrCat(kWhat, ": ", description.num_queues, " queues of ",
                     description.queue_size, " descriptors, expected 1 to ",
                     InflightRegion::kMaxQueues, " and 1 to ",
                     InflightRegion::kMaxQueueSize));
  }
  const uint64_t needed =
      description.num_queues * InflightStride(packed, description.queue_size);
  if (description.mmap_size < needed) {
    return absl::InvalidArgumentError(absl::StrCat(
        kWhat, ": ", description.mmap_size, " bytes for ",
        description.num_queues, packed ? " packed" : " split", " queues of ",
        description.queue_size, " descriptors, expected ", needed));
  }
  return absl::OkStatus();
}

}  // namespace

InflightRegion::InflightRegion(InflightMemory memory, bool packed, char* base)
    : memory_(std::move(memory)), packed_(packed), base_(base) {}

InflightRegion::~InflightRegion() {
  ::munmap(base_, memory_.description.mmap_size);
}

absl::StatusOr<std::unique_ptr<InflightRegion>> InflightRegion::Create(
    uint16_t queues, uint16_t queue_size, bool packed) {
  InflightMemory memory;
  memory.description.num_queues = queues;
  memory.description.queue_size = queue_size;
  memory.description.mmap_size = queues * InflightStride(packed, queue_size);
  DS_RETURN_IF_ERROR(CheckDescription(memory.description, packed));
  memory.fd = FileDescriptor(
      ::memfd_create("devstate-inflight", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.fd.valid() ||
      ::ftruncate(memory.fd.get(),
                  static_cast<off_t>(memory.description.mmap_size)) != 0 ||
      ::fcntl(memory.fd.get(), F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return ErrnoStatus(errno, kWhat);
  }
  DS_ASSIGN_OR_RETURN(std::unique_ptr<InflightRegion> region,
                      Map(std::move(memory), packed));
  if (packed) {
    for (uint16_t i = 0; i < queues; ++i) {
      PackedInflight(region->queue(i), queue_size).Format();
    }
  }
  return region;
}

absl::StatusOr<std::unique_ptr<InflightRegion>> InflightRegion::Map(
    InflightMemory memory, bool packed) {
  const InflightDescription& description = memory.description;
  DS_RETURN_IF_ERROR(CheckDescription(description, packed));
  const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  struct stat status;
  if (::fstat(memory.fd.get(), &status) != 0) {
    return ErrnoStatus(errno, kWhat);
  }
  const uint64_t file_size = static_cast<uint64_t>(status.st_size);
  if (description.mmap_offset % page != 0 ||
      description.mmap_offset > file_size ||
      description.mmap_size > file_size - description.mmap_offset) {
    return absl::InvalidArgumentError(
        absl::StrCat(kWhat, ": ", description.mmap_size, " bytes from ",
                     description.mmap_offset, " of a file of ", file_size,
                     ", expected whole pages before and an end in the file"));
  }
  void* base =
      MapFile(memory.fd.get(), description.mmap_offset, description.mmap_size,
              PROT_READ | PROT_WRITE, MAP_SHARED);
  if (base == MAP_FAILED) return ErrnoStatus(errno, kWhat);
  return std::unique_ptr<InflightRegion>(
      new InflightRegion(std::move(memory), packed, static_cast<char*>(base)));
}

absl::StatusOr<InflightMemory> InflightRegion::Share() const {
  InflightMemory copy;
  copy.description = memory_.description;
  copy.fd = FileDescriptor(::fcntl(memory_.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.fd.valid()) return ErrnoStatus(errno, kWhat);
  return copy;
}

char* InflightRegion::queue(uint16_t queue) const {
  return base_ + queue * InflightStride(packed_, queue_size());
}

}  // namespace devstate::recovery
