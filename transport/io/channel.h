// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The channel: the file descriptor that the device state travels through. A
// channel is made here, and one that somebody else made is inspected before it
// is used.

#ifndef DEVSTATE_TRANSPORT_IO_CHANNEL_H_
#define DEVSTATE_TRANSPORT_IO_CHANNEL_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// The kind of descriptor that a channel is. A FIFO counts as a pipe, any stream
// socket as a socketpair.
enum class ChannelKind { kPipe, kSocketPair, kMemfd, kFile };

inline constexpr ChannelKind kAllChannelKinds[] = {
    ChannelKind::kPipe, ChannelKind::kSocketPair, ChannelKind::kMemfd,
    ChannelKind::kFile};

// Returns "pipe", "socketpair", "memfd" or "file", which are the command line's
// words, too.
absl::string_view ChannelKindName(ChannelKind kind);
// Parses such a word. INVALID_ARGUMENT lists the four.
absl::StatusOr<ChannelKind> ParseChannelKind(absl::string_view name);

// Returns whether the channel keeps what was written and knows no end, as
// memfds and files do. Their reader must start only after their writer has
// finished. Pipes and sockets stream.
inline bool IsStored(ChannelKind kind) {
  return kind == ChannelKind::kMemfd || kind == ChannelKind::kFile;
}

// Both ends of a new channel, close-on-exec and blocking, as those of QEMU.
struct ChannelEnds {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

// Creates a channel. A pipe is grown to 1 MiB where the system allows it. As
// measured, that halves the downtime of QEMU's 64 KiB. A file is nameless and
// lies in `file_folder`, or in $TMPDIR or /tmp if that is empty. Both ends of a
// memfd or file are read-write and share one file offset, 0.
//
// Errors: RESOURCE_EXHAUSTED, and for files those of the folder.
absl::StatusOr<ChannelEnds> CreateChannel(ChannelKind kind,
                                          const std::string& file_folder = "");

enum class ChannelUse { kRead, kWrite };

// The findings of InspectChannel().
struct ChannelInfo {
  ChannelKind kind = ChannelKind::kPipe;
  // Whether the channel is /dev/null or one of its relatives. These store
  // nothing and never end by themselves. Their kind is kFile, but they are read
  // and written like pipes.
  bool is_memory_device = false;
  // The offset at which the state begins, for memfds and files.
  int64_t offset = 0;

  bool stored() const { return IsStored(kind) && !is_memory_device; }
};

// Looks at `fd` without changing or reading it. `control_fd` is the vhost-user
// socket, or -1 for none.
//
// Errors: FAILED_PRECONDITION, with the reason, if `fd` is not fit for `use`:
// closed, O_PATH, wrong access mode, pipe to be written in packet mode,
// O_DIRECT file, directory, block device, terminal or other character device,
// epoll, eventfd, timerfd and the like, datagram or listening or unconnected
// socket, a memfd sealed against writing, a file with content where the state
// would be written, or the same socket as `control_fd`. ErrnoStatus() if it
// cannot be looked at.
absl::StatusOr<ChannelInfo> InspectChannel(int fd, ChannelUse use,
                                           int control_fd = -1);

// An inspected channel, ready for FdSource or FdSink.
struct Channel {
  FileDescriptor fd;
  ChannelInfo info;
};

// Inspects `fd` as InspectChannel() does, then makes it close-on-exec, which a
// library that parses vhost-user may not have done, and safe against a peer
// that shares its open file description. A pipe is re-opened non-blocking, so
// that nobody else's O_NONBLOCK matters, and grown to 1 MiB where allowed. On
// error `fd` is closed.
absl::StatusOr<Channel> AdmitChannel(FileDescriptor fd, ChannelUse use,
                                     int control_fd = -1);

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_CHANNEL_H_
