// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Listening on and connecting to Unix stream sockets by path.

#ifndef DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_
#define DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "devstate/transport/io/deadline.h"
#include "devstate/transport/io/file_descriptor.h"

namespace devstate {

// The name of a socket, and the file that had it when it was bound. The size of
// ino_t would be a choice of who includes this.
struct BoundName {
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
};

// A listening socket and the name it is bound to. Thread-safety: none.
class UnixListener {
 public:
  // Binds and listens at `path`. A socket file is replaced if nobody listens on
  // it any more, because its owner was killed.
  //
  // Each error is one line that names the path and the remedy.
  //
  // Errors: ALREADY_EXISTS (another process listens there, or the path is not a
  // socket), INVALID_ARGUMENT (empty, or too long for a socket address, which
  // has 107 bytes), NOT_FOUND and PERMISSION_DENIED (the folder).
  static absl::StatusOr<UnixListener> Listen(const std::string& path);

  // Takes a socket that listens already, as a service manager hands one on.
  // `name` is removed in the end if it is still the same file, as name() of the
  // listener that was bound has it. Default: its name stays.
  //
  // Errors: FAILED_PRECONDITION (`fd` is no listening Unix stream socket).
  static absl::StatusOr<UnixListener> Adopt(FileDescriptor fd,
                                            BoundName name = {});

  UnixListener(UnixListener&&) = default;
  UnixListener& operator=(UnixListener&& other) noexcept;
  // Removes the name if it was bound here and is still the same.
  ~UnixListener();

  // Returns the listening socket, non-blocking. This object owns it.
  int fd() const { return fd_.get(); }
  // Returns the name that the destructor removes; an empty path if it removes
  // none.
  const BoundName& name() const { return name_; }
  const std::string& path() const { return name_.path; }

  // Takes one waiting connection. Returns an empty FD when none waits, or none
  // waits any more.
  //
  // Errors: RESOURCE_EXHAUSTED (no descriptor left; the connection stays in the
  // queue).
  absl::StatusOr<FileDescriptor> Accept();

 private:
  UnixListener(FileDescriptor fd, BoundName name)
      : fd_(std::move(fd)), name_(std::move(name)) {}

  FileDescriptor fd_;
  BoundName name_;
};

// Connects to the socket at `path`. If the listener's queue is full, waits for
// room until `deadline`.
//
// Errors: NOT_FOUND, UNAVAILABLE (nobody listens), DEADLINE_EXCEEDED,
// INVALID_ARGUMENT (the path), PERMISSION_DENIED.
absl::StatusOr<FileDescriptor> ConnectUnix(const std::string& path,
                                           Deadline deadline);

// Returns two connected stream sockets, close-on-exec.
absl::StatusOr<std::pair<FileDescriptor, FileDescriptor>> SocketPair();

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_UNIX_SOCKET_H_
