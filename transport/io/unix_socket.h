// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Listening on and connecting to Unix stream sockets by path.

#ifndef DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_
#define DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// A listening socket and the name it is bound to. Not thread-safe.
class UnixListener {
 public:
  // Binds and listens at `path`. A socket file that nobody listens on any more
  // (its owner was killed) is replaced.
  //
  // Errors, each one line that names the path and the remedy:
  // ALREADY_EXISTS: another process listens there, or the path is something
  // else than a socket; INVALID_ARGUMENT: too long for a socket address (107
  // bytes) or empty; NOT_FOUND, PERMISSION_DENIED: the folder.
  static absl::StatusOr<UnixListener> Listen(const std::string& path);

  UnixListener(UnixListener&&) = default;
  UnixListener& operator=(UnixListener&&) = delete;
  // Removes the name, if it still is the one that was bound here.
  ~UnixListener();

  // The listening socket, non-blocking; owned by this object.
  int fd() const { return fd_.get(); }

  // Takes one waiting connection; an empty FD when none waits (any more).
  // Errors: RESOURCE_EXHAUSTED: no descriptor left; the connection stays in
  // the queue.
  absl::StatusOr<FileDescriptor> Accept();

 private:
  UnixListener(FileDescriptor fd, std::string path, dev_t device, ino_t inode)
      : fd_(std::move(fd)),
        path_(std::move(path)),
        device_(device),
        inode_(inode) {}

  FileDescriptor fd_;
  std::string path_;
  dev_t device_;
  ino_t inode_;
};

// Connects to the socket at `path`. A full queue of the listener is waited for
// until `deadline`.
// Errors: NOT_FOUND, UNAVAILABLE (nobody listens), DEADLINE_EXCEEDED,
// INVALID_ARGUMENT (the path), PERMISSION_DENIED.
absl::StatusOr<FileDescriptor> ConnectUnix(const std::string& path,
                                           Deadline deadline);

// Two connected stream sockets, close-on-exec.
absl::StatusOr<std::pair<FileDescriptor, FileDescriptor>> SocketPair();

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_
