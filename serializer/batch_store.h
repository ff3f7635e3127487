// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_BATCH_STORE_H_
#define DEVSTATE_SERIALIZER_BATCH_STORE_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/internal/chunk_sealer.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/serializer/writer_options.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

// Stores the batches of a writer for RecordWriter::AddStored(), and lets none
// of them come to the writer's sink. Thread-safety: none.
class BatchStore : public SaveFilter {
 public:
  // `options` are those of the writer, and of the streams that get the batches.
  // Requires: `schema`, that of the records, outlives the store.
  BatchStore(const SchemaInfo& schema, const WriterOptions& options)
      : schema_(schema),
        sealer_(options.compression, options.limits.max_expansion) {}

  const SchemaInfo& schema() const override { return schema_; }
  absl::StatusOr<absl::string_view> FilterRoot(absl::string_view) override {
    return absl::string_view();
  }
  absl::StatusOr<Chunk> FilterBatch(const Chunk& batch) override;

  // Returns the batches since the last call.
  std::vector<StoredChunk> Take() { return std::exchange(batches_, {}); }

 private:
  const SchemaInfo& schema_;
  const ChunkSealer sealer_;
  Compressor compressor_;
  std::vector<StoredChunk> batches_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_BATCH_STORE_H_
