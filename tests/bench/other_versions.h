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
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/save_filter.h"
#include "google/protobuf/message.h"

namespace devstate::bench {

// The next version: each inode may have an ignorable field more.
absl::StatusOr<LoadedSchema> NextVersion();

// What another implementation might make of the schema: types, presence,
// numbers and units of the fields of an inode are others, so that all that can
// change in a column does.
absl::StatusOr<LoadedSchema> AlternativeVersion();

// A released version, from proto/devices/fs/v1/released.
absl::StatusOr<LoadedSchema> ReleasedVersion(int version);

// Lets a state be one of NextVersion(); if `used`, adds a column for the new
// field to each batch.
class NextVersionFilter : public SaveFilter {
 public:
  NextVersionFilter(const SchemaInfo& next, bool used)
      : next_(next), used_(used) {}

  const SchemaInfo& schema() const override { return next_; }

  absl::StatusOr<absl::string_view> FilterRoot(absl::string_view root) override;
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override;

 private:
  const SchemaInfo& next_;
  const bool used_;
  std::string payload_;
};

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_OTHER_VERSIONS_H_
