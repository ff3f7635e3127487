// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_SAVE_FILTER_H_
#define DEVSTATE_SERIALIZER_SAVE_FILTER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/chunk.h"

namespace devstate {

// A filter between the code that is generated from a schema and the stream that
// it writes. It sees what is written and may put something else in its place.
// An error ends the write.
class SaveFilter {
 public:
  virtual ~SaveFilter() = default;

  // Returns the schema of what is written. Valid as long as the filter.
  virtual const SchemaInfo& schema() const = 0;

  // Returns the root message to write, serialized, as `root` is, which the
  // writer has without records. The result is valid until the next call.
  virtual absl::StatusOr<absl::string_view> FilterRoot(
      absl::string_view root) = 0;

  // Returns the batch to write, valid until the next call. A batch of 0 records
  // is left out.
  virtual absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_SAVE_FILTER_H_
