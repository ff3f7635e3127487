// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_COMPRESSION_H_
#define DEVSTATE_SERIALIZER_COMPRESSION_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "zstd.h"

namespace devstate {

// How a writer stores payloads. Whatever it says, a payload that zstd would not
// make smaller is stored raw.
struct Compression {
  enum class Mode {
    // zstd at `level`, but not below 4 KiB, where a compressor costs more time
    // than its gain in bytes, nor right after chunks that did not shrink.
    // Depends
    // on the content alone: the same state is the same bytes.
    kAutomatic,
    kRaw,
    kZstd,
  };

  static Compression Automatic() { return {Mode::kAutomatic, 1}; }
  static Compression Raw() { return {Mode::kRaw, 0}; }
  static Compression Zstd(int level) { return {Mode::kZstd, level}; }

  // "automatic", "raw", "zstd" or "zstd:LEVEL". INVALID_ARGUMENT, with the
  // valid words and range, for anything else.
  static absl::StatusOr<Compression> Parse(absl::string_view text);

  Mode mode = Mode::kAutomatic;
  // zstd's own range, ZSTD_minCLevel() to ZSTD_maxCLevel(); 1 for kAutomatic.
  int level = 1;
};

// A zstd compression context, made at first use and reused. Not thread-safe.
class Compressor {
 public:
  // Most bytes that Compress() can need for `size` bytes.
  static size_t Bound(size_t size) { return ZSTD_compressBound(size); }

  // Compresses `input` into one frame with content size. Returns its size, or
  // INTERNAL with zstd's reason.
  absl::StatusOr<size_t> Compress(absl::string_view input, int level,
                                  char* output, size_t capacity);

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
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
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COMPRESSION_H_
