// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// errno -> absl::Status, by the rule of serializer/byte_stream.h.

#ifndef DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_
#define DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace devstate {

// UNAVAILABLE: the peer is gone (EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN,
// ESHUTDOWN). RESOURCE_EXHAUSTED: no space, quota, descriptors or memory
// (ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE, ENOMEM, ETOOMANYREFS).
// INVALID_ARGUMENT: not usable so (EBADF, EINVAL, EISDIR, ESPIPE, ENXIO).
// PERMISSION_DENIED: EACCES, EPERM. NOT_FOUND: ENOENT. Anything else, EIO
// first, is DATA_LOSS: the medium failed. The message is "<what>: <text of the
// error>".
absl::Status ErrnoStatus(int error, absl::string_view what);

}  // namespace devstate

#endif  // DEVSTATE_TRANSPORT_IO_ERRNO_STATUS_H_
