// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_CONTAINERS_DECOMPRESSOR_H_
#define DEVSTATE_FOREIGN_CONTAINERS_DECOMPRESSOR_H_

#include <memory>

#include "devstate/foreign/containers/file_kind.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Returns a source of the content of `compressed`, which is a file of `kind`,
// kGzip or kZstd. It may be several members or frames one after the other, and
// zeros may follow. Takes at most 128 MiB, the largest window of zstd.
//
// Errors of the source: those of `compressed`, and INVALID_ARGUMENT with an
// ErrorDetail, whose offset is in `compressed`, for what is damaged.
std::shared_ptr<ByteSource> Decompressed(
    FileKind kind, std::shared_ptr<ByteSource> compressed);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_DECOMPRESSOR_H_
