// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Files in memory, also where a pointer has 32 bits.

#ifndef DEVSTATE_TRANSPORT_IO_MAP_FILE_H_
#define DEVSTATE_TRANSPORT_IO_MAP_FILE_H_

#include <sys/mman.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace devstate {

// Otherwise an offset would lose its upper bits.
static_assert(sizeof(off_t) == sizeof(uint64_t),
              "build devstate with -D_FILE_OFFSET_BITS=64");

// Maps a file as mmap() does, whose errors it has. The caller unmaps it.
//
// `size` and `offset` are in bytes, and may come from a peer. More than there
// are addresses is ENOMEM; mmap() would map what is left of it in a size_t.
inline void* MapFile(int fd, uint64_t offset, uint64_t size, int protection,
                     int flags) {
  if (size > std::numeric_limits<size_t>::max()) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return ::mmap(nullptr, static_cast<size_t>(size), protection, flags, fd,
                static_cast<off_t>(offset));
}

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_MAP_FILE_H_
