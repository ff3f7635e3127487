// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The merged state of docs/stream_format.md, "Rounds".

#ifndef DEVSTATE_SERIALIZER_ROUND_MERGER_H_
#define DEVSTATE_SERIALIZER_ROUND_MERGER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/chunk.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/merge_codec.h"

namespace devstate {

// OK for a batch, upserts or deletions of a field that the schema does not have
// if the chunk is marked ignorable; else UNKNOWN_CONTENT.
absl::Status CheckUnknownField(const Chunk& chunk, const SchemaInfo& schema);

// Takes a state and its changes, chunk by chunk, and hands out the chunks of
// the same state written whole. Takes memory as Limits::max_merge_bytes says.
// Thread-safety: none.
class RoundMerger {
 public:
  // Returns the codec of the records of a field, null if there is no such
  // field.
  using MakeCodec = std::function<std::unique_ptr<MergeCodec>(uint32_t field)>;

  // `schema_version` is the writer's. Requires: `schema` outlives the merger.
  RoundMerger(const SchemaInfo& schema, const Limits& limits,
              uint32_t schema_version, MakeCodec make_codec);
  ~RoundMerger();

  // Checks and takes the next chunk of the state, in the order of the stream.
  // It is not to be used after an error.
  //
  // Errors are those of a reader of records, with an ErrorDetail. MALFORMED if
  // a key comes twice in the first round, a deletion has no record, or a field
  // without a key has changes. LIMIT for what max_merge_bytes bounds.
  absl::Status Add(const Chunk& chunk);

  // Returns the next chunk of the merged state: root chunk, then the batches in
  // ascending order of field; none after the last. A batch has the position of
  // the chunk from which its records come. Valid until the next call.
  //
  // Requires: no Add() after it.
  absl::StatusOr<absl::optional<Chunk>> Next();

 private:
  struct Batch;
  struct Field;

  // A chunk as it was when it came. Its payload is kept elsewhere.
  struct Origin {
    Chunk::Header header;
    uint64_t offset = 0;
  };

  absl::Status AddRecords(const Chunk& chunk, Field& field);
  absl::Status Delete(const Chunk& chunk, Field& field);
  // Marks one record of a batch as one that does not count any more.
  void Remove(size_t batch, size_t row, Field& field);
  // Gives back memory of the batches that have lost records.
  absl::Status Shrink(Field& field);
  // Leaves nothing in a batch but the records that count. Returns their keys.
  absl::StatusOr<std::vector<std::string>> DropOldRecords(Batch& batch,
                                                          Field& field);
  // Does the same, and notes where its records are now.
  absl::Status Compact(Batch& batch, Field& field);

  const SchemaInfo& schema_;
  const Limits limits_;
  const uint32_t schema_version_;
  const MakeCodec make_codec_;
  bool root_is_next_ = true;
  Origin root_origin_;
  std::string root_;
  // By number. A field that the schema does not have is null.
  std::map<uint32_t, std::unique_ptr<Field>> fields_;
  // The size of all records that count.
  uint64_t size_ = 0;
  // The next batch to hand out. The one before is kept for the caller.
  size_t next_batch_ = 0;
  std::unique_ptr<Batch> handed_out_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROUND_MERGER_H_
