// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For a back-end that starts with an older state than the guest has: what was
// given out in between must not be given out again.

#ifndef DEVSTATE_DEVICES_FS_RAISE_IDS_H_
#define DEVSTATE_DEVICES_FS_RAISE_IDS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/writer_options.h"

namespace devstate::fs {

// More ids than a back-end gives out between two states of it: a million each
// second for twelve days. A counter of 64 bits has room for 16 million raises.
inline constexpr uint64_t kIdRaise = uint64_t{1} << 40;

struct RaisedIds {
  // The counters as they are now.
  uint64_t next_inode = 0;
  uint64_t next_handle = 0;
  // What the state knows, and the guest keeps.
  uint64_t inodes = 0;
  uint64_t handles = 0;
  // Whether the guest had mounted.
  bool mounted = false;
};

// Copies a stream of any version of devices.fs.v1 that this release reads, with
// `next_inode` and `next_handle` raised by `by`. The copy is of the current
// version. Memory does not grow with the state.
//
// A guest that uses an id which was given out after the state was saved gets an
// error then (EBADF, ESTALE). Without the raise the id would be given to
// another file, and the guest would read that one's content.
//
// Errors: FAILED_PRECONDITION (a counter has no room, another schema, a version
// that is refused), those of the reader and of `sink`.
absl::StatusOr<RaisedIds> RaiseIds(ByteSource* source, uint64_t by,
                                   const WriterOptions& options,
                                   ByteSink* sink);

}  // namespace devstate::fs

#endif  // DEVSTATE_DEVICES_FS_RAISE_IDS_H_
