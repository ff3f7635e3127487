// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_MERGE_CODEC_H_
#define DEVSTATE_SERIALIZER_MERGE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/serializer/chunk.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/record_columns.h"
#include "devstate/serializer/row_columns.h"

namespace devstate {

// What a merge of rounds needs to know of the records of one field
// (round_merger.h). A derived class has their columns. Thread-safety: none.
class MergeCodec {
 public:
  MergeCodec(const MergeCodec&) = delete;
  MergeCodec& operator=(const MergeCodec&) = delete;
  virtual ~MergeCodec() = default;

  // The content of a chunk, as far as a merge looks at it.
  struct Content {
    // The key of each record, as RecordColumnsReader::Keys() has it; empty if
    // the field has none.
    std::vector<std::string> keys;
    // The size of each record (docs/stream_format.md, "Sizes"). Deletions have
    // none.
    std::vector<uint64_t> sizes;
  };

  absl::string_view field_name() const { return field_name_; }
  bool has_key() const { return !key_.empty(); }

  // Checks all of `chunk`, a batch, upserts or deletions, as a reader of
  // records would. `schema_version` is the writer's.
  absl::StatusOr<Content> Decode(const Chunk& chunk, const Limits& limits,
                                 uint32_t schema_version);
  // Appends the columns of those records that `keep` has, and returns the keys
  // of all. Requires: Decode() has taken the chunk, which is no deletions.
  absl::StatusOr<std::vector<std::string>> Rewrite(
      const Chunk& chunk, const Limits& limits, uint32_t schema_version,
      const std::vector<bool>& keep, MessageWriter& out);

 protected:
  // Requires: everything that is pointed to outlives the codec. `columns` may
  // be a member of the derived class.
  MergeCodec(absl::string_view field_name, size_t record_size,
             absl::Span<const uint16_t> key, RecordColumnsReader* columns)
      : field_name_(field_name),
        record_size_(record_size),
        key_(key),
        columns_(*columns) {}

 private:
  // Sets the size of each of the records that are decoded.
  virtual void Measure(std::vector<uint64_t>& sizes) = 0;
  // Appends the columns of those of them that `keep` has.
  virtual void Copy(const std::vector<bool>& keep, MessageWriter& out) = 0;

  const absl::string_view field_name_;
  const size_t record_size_;
  const absl::Span<const uint16_t> key_;
  RecordColumnsReader& columns_;
};

// The codec of a generated row.
template <typename Row>
class RowMergeCodec final : public MergeCodec {
 public:
  RowMergeCodec(absl::string_view field_name, absl::Span<const uint16_t> key)
      : MergeCodec(field_name, Row::kRecordSize, key, &columns_) {}

 private:
  void Measure(std::vector<uint64_t>& sizes) override {
    Row row;
    for (size_t i = 0; i < sizes.size(); ++i) {
      columns_.Read(i, row);
      sizes[i] = RowSize(row);
    }
  }
  void Copy(const std::vector<bool>& keep, MessageWriter& out) override {
    // GCC 12 takes a row that is read and appended in one loop for
    // uninitialized.
    std::vector<Row> rows(keep.size());
    for (size_t i = 0; i < keep.size(); ++i) columns_.Read(i, rows[i]);
    for (size_t i = 0; i < keep.size(); ++i) {
      if (keep[i]) builder_.Append(rows[i]);
    }
    builder_.EncodeBody(out);
    builder_.Clear();
  }

  RowReader<Row> columns_;
  RowBuilder<Row> builder_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_MERGE_CODEC_H_
