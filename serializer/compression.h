// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_COMPRESSION_H_
#define DEVSTATE_SERIALIZER_COMPRESSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace devstate {

// How a writer stores payloads. Whatever it says, a payload that zstd would not
// make smaller is stored raw.
struct Compression {
  enum class Mode {
    // zstd at `level`, but not below 4 KiB, where a compressor costs more time
    // than its gain in bytes, nor right after chunks that did not shrink.
    // Depends on the content alone: the same state is the same bytes.
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

  // Default: kAutomatic.
  Mode mode = Mode::kAutomatic;
  // In zstd's own range, ZSTD_minCLevel() to ZSTD_maxCLevel(); 1 for
  // kAutomatic. Default: 1.
  int level = 1;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COMPRESSION_H_
