// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Records stay in the columns in which they came. A map says where the last
// record of each key is. What is replaced or deleted is only marked, until it
// is the larger part of its batch.

#include "devstate/serializer/round_merger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

struct RoundMerger::Batch {
  Origin origin;
  std::string payload;
  // The size of each record; 0 of one that does not count any more.
  std::vector<uint64_t> sizes;
  size_t records = 0;
  // The size of the records that count, and of all that the payload has.
  uint64_t size = 0;
  uint64_t full_size = 0;

  Chunk AsChunk() const {
    Chunk chunk;
    chunk.header = origin.header;
    chunk.header.type = ChunkType::kBatch;
    chunk.header.records = static_cast<uint32_t>(sizes.size());
    chunk.offset = origin.offset;
    chunk.payload = payload;
    return chunk;
  }
};

struct RoundMerger::Field {
  struct Place {
    size_t batch;
    size_t row;
  };

  std::unique_ptr<MergeCodec> codec;
  // In the order of the stream. Null when no record of it counts.
  std::vector<std::unique_ptr<Batch>> batches;
  // The batches that the current chunk has taken records from.
  std::vector<size_t> touched;
  // Without a key it is empty.
  absl::flat_hash_map<std::string, Place> records;
};

absl::Status CheckUnknownField(const Chunk& chunk, const SchemaInfo& schema) {
  if ((chunk.header.flags & kChunkFlagIgnorable) != 0) return absl::OkStatus();
  return chunk.Error(
      ERROR_REASON_UNKNOWN_CONTENT,
      absl::StrCat("records of field ", chunk.header.field, " of ",
                   schema.root_message, " are unknown in schema version ",
                   schema.version, " of this reader"));
}

RoundMerger::RoundMerger(const SchemaInfo& schema, const Limits& limits,
                         uint32_t schema_version, MakeCodec make_codec)
    : schema_(schema),
      limits_(limits),
      schema_version_(schema_version),
      make_codec_(std::move(make_codec)) {}

RoundMerger::~RoundMerger() = default;

absl::Status RoundMerger::Add(const Chunk& chunk) {
  if (chunk.header.type == ChunkType::kRoot) {
    root_origin_ = {chunk.header, chunk.offset};
    root_.assign(chunk.payload.data(), chunk.payload.size());
    return absl::OkStatus();
  }
  if (!HasRecords(chunk.header.type)) return absl::OkStatus();
  const auto [found, added] = fields_.try_emplace(chunk.header.field);
  if (added) {
    if (std::unique_ptr<MergeCodec> codec = make_codec_(chunk.header.field)) {
      found->second = std::make_unique<Field>();
      found->second->codec = std::move(codec);
    }
  }
  if (found->second == nullptr) return CheckUnknownField(chunk, schema_);
  Field& field = *found->second;
  if (chunk.header.type != ChunkType::kBatch && !field.codec->has_key()) {
    return chunk.Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat(field.codec->field_name(),
                     ": changes of records whose schema declares no key"));
  }
  return chunk.header.type == ChunkType::kDeletions ? Delete(chunk, field)
                                                    : AddRecords(chunk, field);
}

absl::Status RoundMerger::AddRecords(const Chunk& chunk, Field& field) {
  DS_ASSIGN_OR_RETURN(MergeCodec::Content content,
                      field.codec->Decode(chunk, limits_, schema_version_));
  const size_t index = field.batches.size();
  auto batch = std::make_unique<Batch>();
  batch->origin = {chunk.header, chunk.offset};
  batch->payload.assign(chunk.payload.data(), chunk.payload.size());
  for (const uint64_t size : content.sizes) batch->size += size;
  batch->full_size = batch->size;
  batch->records = content.sizes.size();
  batch->sizes = std::move(content.sizes);
  size_ += batch->size;
  field.batches.push_back(std::move(batch));
  for (size_t row = 0; row < content.keys.size(); ++row) {
    const Field::Place place = {index, row};
    const auto [found, added] =
        field.records.try_emplace(std::move(content.keys[row]), place);
    if (added) continue;
    if (chunk.header.type == ChunkType::kBatch) {
      return chunk.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat(field.codec->field_name(), ": record ", row,
                       " of the batch has the key of a record before it"));
    }
    const Field::Place old = std::exchange(found->second, place);
    Remove(old.batch, old.row, field);
  }
  DS_RETURN_IF_ERROR(Shrink(field));
  if (size_ <= limits_.max_merge_bytes) return absl::OkStatus();
  return chunk.Error(
      ERROR_REASON_LIMIT,
      absl::StrCat(
          "the records so far count for ", size_,
          " bytes, more than max_merge_bytes = ", limits_.max_merge_bytes,
          ": raise the limit if the source of the stream is trusted"));
}

absl::Status RoundMerger::Delete(const Chunk& chunk, Field& field) {
  DS_ASSIGN_OR_RETURN(const MergeCodec::Content content,
                      field.codec->Decode(chunk, limits_, schema_version_));
  for (size_t row = 0; row < content.keys.size(); ++row) {
    const auto found = field.records.find(content.keys[row]);
    if (found == field.records.end()) {
      return chunk.Error(
          ERROR_REASON_MALFORMED,
          absl::StrCat(field.codec->field_name(), ": record ", row,
                       " of the batch is deleted, and there is none"));
    }
    const Field::Place old = found->second;
    field.records.erase(found);
    Remove(old.batch, old.row, field);
  }
  return Shrink(field);
}

void RoundMerger::Remove(size_t index, size_t row, Field& field) {
  Batch& batch = *field.batches[index];
  const uint64_t size = std::exchange(batch.sizes[row], 0);
  batch.size -= size;
  --batch.records;
  size_ -= size;
  field.touched.push_back(index);
}

absl::Status RoundMerger::Shrink(Field& field) {
  for (const size_t index : field.touched) {
    std::unique_ptr<Batch>& batch = field.batches[index];
    if (batch == nullptr) continue;
    if (batch->records == 0) {
      batch = nullptr;
    } else if (batch->size < batch->full_size / 2) {
      DS_RETURN_IF_ERROR(Compact(*batch, field));
    }
  }
  field.touched.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> RoundMerger::DropOldRecords(
    Batch& batch, Field& field) {
  const Chunk old = batch.AsChunk();
  std::vector<bool> keep;
  keep.reserve(batch.sizes.size());
  for (const uint64_t size : batch.sizes) keep.push_back(size != 0);
  ByteBuffer columns;
  MessageWriter out(&columns);
  DS_ASSIGN_OR_RETURN(
      std::vector<std::string> keys,
      field.codec->Rewrite(old, limits_, schema_version_, keep, out));
  size_t kept = 0;
  for (size_t row = 0; row < keep.size(); ++row) {
    if (!keep[row]) continue;
    batch.sizes[kept] = batch.sizes[row];
    keys[kept].swap(keys[row]);
    ++kept;
  }
  batch.sizes.resize(kept);
  keys.resize(kept);
  batch.payload = std::string(columns.view());
  batch.full_size = batch.size;
  return keys;
}

absl::Status RoundMerger::Compact(Batch& batch, Field& field) {
  DS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                      DropOldRecords(batch, field));
  for (size_t row = 0; row < keys.size(); ++row) {
    field.records.find(keys[row])->second.row = row;
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<Chunk>> RoundMerger::Next() {
  if (std::exchange(root_is_next_, false)) {
    Chunk root;
    root.header = root_origin_.header;
    root.offset = root_origin_.offset;
    root.payload = root_;
    return absl::optional<Chunk>(root);
  }
  while (!fields_.empty()) {
    Field* const field = fields_.begin()->second.get();
    while (field != nullptr && next_batch_ < field->batches.size()) {
      handed_out_ = std::move(field->batches[next_batch_++]);
      if (handed_out_ == nullptr) continue;
      if (handed_out_->records != handed_out_->sizes.size()) {
        // Nobody asks any more where its records are.
        DS_RETURN_IF_ERROR(DropOldRecords(*handed_out_, *field).status());
      }
      return absl::optional<Chunk>(handed_out_->AsChunk());
    }
    fields_.erase(fields_.begin());
    next_batch_ = 0;
  }
  return absl::optional<Chunk>();
}

}  // namespace devstate
