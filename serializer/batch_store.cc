// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/batch_store.h"

#include "devstate/serializer/empty_chunk.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

absl::StatusOr<Chunk> BatchStore::FilterBatch(const Chunk& batch) {
  ChunkHeader header;
  header.type = batch.header.type;
  header.field = batch.header.field;
  header.records = batch.header.records;
  DS_ASSIGN_OR_RETURN(StoredChunk stored,
                      sealer_.Store(header, batch.payload, compressor_));
  batches_.push_back(std::move(stored));
  return EmptyChunk(batch);
}

}  // namespace devstate
