// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// An owned file descriptor.

#ifndef DEVSTATE_TRANSPORT_IO_FILE_DESCRIPTOR_H_
#define DEVSTATE_TRANSPORT_IO_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace devstate {

// Owns one file descriptor and closes it exactly once. Move-only. An empty one
// owns nothing and reports -1. Thread-safety: none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  // Takes ownership of `fd`; a negative value makes an empty object.
  explicit FileDescriptor(int fd) : fd_(fd < 0 ? -1 : fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives ownership away and becomes empty.
  int Release() { return std::exchange(fd_, -1); }

  // Closes what is owned and takes `fd`. The result of close() is not used:
  // Linux frees the number whatever it returns, so a retry could close a
  // stranger's descriptor.
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd < 0 ? -1 : fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_FILE_DESCRIPTOR_H_
