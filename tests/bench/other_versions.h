// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Other versions of the schema of a virtio-fs device than that of the program,
// and the streams of their writers.

#ifndef DEVSTATE_TESTS_BENCH_OTHER_VERSIONS_H_
#define DEVSTATE_TESTS_BENCH_OTHER_VERSIONS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "compat/schema_loader.h"
#include "serializer/chunk_filter.h"

namespace devstate::bench {

// The next version: each inode may have an ignorable field more.
absl::StatusOr<LoadedSchema> NextVersion();

// What another implementation might make of the schema: types, presence,
// numbers and units of the fields of an inode are others, so that all that can
// change in a column does.
absl::StatusOr<LoadedSchema> AlternativeVersion();

// A released version, from proto/devices/fs/v1/released.
absl::StatusOr<LoadedSchema> ReleasedVersion(int version);

// Adds a column for the field of NextVersion() to each batch.
class NextVersionFilter : public ChunkFilter {
 public:
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override;

 private:
  std::string payload_;
};

// Lets chunks be.
class NoFilter : public ChunkFilter {
 public:
  absl::StatusOr<Chunk> Filter(const Chunk& chunk) override { return chunk; }
};

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_OTHER_VERSIONS_H_
