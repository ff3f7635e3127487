// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_COMPRESSION_H_
#define DEVSTATE_SERIALIZER_COMPRESSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace devstate {

// The way a writer stores payloads. In every mode, a payload that zstd would
// not make smaller is stored raw.
struct Compression {
  enum class Mode {
    // zstd at `level` where it pays. Payloads below 4 KiB are stored raw,
    // because a compressor costs more time than its gain in bytes. So are
    // payloads right after chunks that did not shrink, a few that a prepared
    // save has not prepared, and all that go into a pipe or socket while that
    // takes them faster than zstd makes them. Into a file, and without
    // preparation, the choice depends on the content alone: the same state is
    // the same bytes.
    kAutomatic,
    kRaw,
    kZstd,
  };

  static Compression Automatic() { return {Mode::kAutomatic, 1}; }
  static Compression Raw() { return {Mode::kRaw, 0}; }
  static Compression Zstd(int level) { return {Mode::kZstd, level}; }

  // Parses "automatic", "raw", "zstd" or "zstd:LEVEL". INVALID_ARGUMENT, with
  // the valid words and range, for anything else.
  static absl::StatusOr<Compression> Parse(absl::string_view text);

  // The mode of storage. Default: kAutomatic.
  Mode mode = Mode::kAutomatic;
  // The level of zstd, from ZSTD_minCLevel() to ZSTD_maxCLevel(). It is 1 for
  // kAutomatic. Default: 1.
  int level = 1;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COMPRESSION_H_
