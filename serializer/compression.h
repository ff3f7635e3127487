// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_COMPRESSION_H_
#define DEVSTATE_SERIALIZER_COMPRESSION_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/compression_options.h"

// Of zstd.h, which users of this header need not have.
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace devstate {

// A zstd compression context, made at first use and reused. Not thread-safe.
class Compressor {
 public:
  // Most bytes that Compress() can need for `size` bytes.
  static size_t Bound(size_t size);

  // Compresses `input` into one frame with content size. Returns its size, or
  // INTERNAL with zstd's reason.
  absl::StatusOr<size_t> Compress(absl::string_view input, int level,
                                  char* output, size_t capacity);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

// A zstd decompression context, made at first use and reused. Not thread-safe.
class Decompressor {
 public:
  // Decompresses `input` into exactly `size` bytes at `output`.
  // INVALID_ARGUMENT unless `input` is exactly one frame that declares this
  // size and needs no dictionary; nothing is taken from the frame on trust.
  absl::Status Decompress(absl::string_view input, char* output, size_t size);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COMPRESSION_H_
