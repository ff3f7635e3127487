// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_IO_ATTACH_FDS_H_
#define DEVSTATE_TRANSPORT_IO_ATTACH_FDS_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstring>

namespace devstate {

// Makes sendmsg() send `count` descriptors with `message`, if there are any.
// Requires: `control`, aligned for cmsghdr, has CMSG_SPACE(count * sizeof(int))
// bytes, and lives as long as the message.
inline void AttachFds(const int* fds, size_t count, char* control,
                      msghdr* message) {
  if (count == 0) return;
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* const rights = CMSG_FIRSTHDR(message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
}

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_ATTACH_FDS_H_
