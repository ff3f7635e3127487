// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// zstd frames for devstate: one at a time, with their content size.

#ifndef DEVSTATE_THIRD_PARTY_ZSTD_ZSTD_FRAME_H_
#define DEVSTATE_THIRD_PARTY_ZSTD_ZSTD_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The contexts of zstd.h, which users of this header need not have.
struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace devstate {

// A zstd compression context, made at first use and reused. Thread-safety:
// none.
class Compressor {
 public:
  // Returns the most bytes that Compress() can need for `size` bytes.
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

// Returns `bytes` as one zstd frame at the highest level. It is for frames that
// are made once, at build time.
std::string ZstdFrameOf(absl::string_view bytes);

// A zstd decompression context, made at first use and reused. Thread-safety:
// none.
class Decompressor {
 public:
  // Decompresses `input` into exactly `size` bytes at `output`.
  // INVALID_ARGUMENT unless `input` is exactly one frame that declares this
  // size and needs no dictionary. Nothing is taken from the frame on trust.
  absl::Status Decompress(absl::string_view input, char* output, size_t size);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

// Returns the content of `frame`. INVALID_ARGUMENT as for Decompress(), and for
// a frame that does not declare its size. RESOURCE_EXHAUSTED, before memory is
// taken, if that is above `max_size` bytes.
absl::StatusOr<std::string> ContentOfZstdFrame(absl::string_view frame,
                                               uint64_t max_size);

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_ZSTD_ZSTD_FRAME_H_
