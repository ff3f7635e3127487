// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/io/errno_status.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case ENOTCONN:
    case ESHUTDOWN:
      return absl::StatusCode::kUnavailable;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ETOOMANYREFS:
      return absl::StatusCode::kResourceExhausted;
    case EBADF:
    case EINVAL:
    case EISDIR:
    case ESPIPE:
    case ENXIO:
      return absl::StatusCode::kInvalidArgument;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENOENT:
      return absl::StatusCode::kNotFound;
    default:
      return absl::StatusCode::kDataLoss;
  }
}

}  // namespace

absl::Status ErrnoStatus(int error, absl::string_view what) {
  // The GNU strerror_r is thread-safe and may ignore the buffer.
  char buffer[128];
  return absl::Status(
      CodeOf(error),
      absl::StrCat(what, ": ", strerror_r(error, buffer, sizeof(buffer))));
}

}  // namespace devstate
