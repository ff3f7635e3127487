// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The conversion of errno to absl::Status, by the rule of
// serializer/byte_stream.h.

#ifndef DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_
#define DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate {

// Converts `error`, a value of errno, to a status. Its message is "<what>:
// <text of the error>". The codes are:
//
//  * UNAVAILABLE: the peer is gone (EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN,
//    ESHUTDOWN).
//  * RESOURCE_EXHAUSTED: no space, quota, descriptors or memory (ENOSPC,
//    EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM, ETOOMANYREFS).
//  * INVALID_ARGUMENT: not usable this way (EBADF, EINVAL, EISDIR, ESPIPE,
//    ENXIO).
//  * PERMISSION_DENIED: EACCES, EPERM.
//  * NOT_FOUND: ENOENT.
//  * DATA_LOSS: anything else, EIO first. The medium failed.
absl::Status ErrnoStatus(int error, absl::string_view what);

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_
