// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What the typed writers and readers of all schemas have in common.

#ifndef DEVSTATE_SERIALIZER_RECORD_STREAM_H_
#define DEVSTATE_SERIALIZER_RECORD_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "devstate/schema/schema_info.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/chunk.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/piece_columns.h"
#include "devstate/serializer/record_columns.h"
#include "devstate/serializer/rounds.h"
#include "devstate/serializer/row_columns.h"
#include "devstate/serializer/writer_options.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace devstate {

class ChunkFilter;
class MergeCodec;
class RoundMerger;
class SaveFilter;
class StreamReader;
class StreamWriter;
struct StoredChunk;
inline namespace structs {
struct StreamHeader;
}

// The records of one chunk, one after the other, without copying them.
// `RowType` is a generated struct.
template <typename RowType>
class RecordBatch {
 public:
  using Row = RowType;

  // `columns` must outlive the batch.
  RecordBatch(RowReader<Row>* columns, size_t size)
      : columns_(*columns), size_(size) {}

  // Records in the batch; at least 1.
  size_t size() const { return size_; }

  // Fills `row` with the next record; false if there is none. What the row
  // points to is valid as long as the batch.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Next(Row* row) {
    if (next_ == size_) return false;
    columns_.Read(next_++, *row);
    return true;
  }

 private:
  RowReader<Row>& columns_;
  const size_t size_;
  size_t next_ = 0;
};

// Base of the generated writers: root chunk first, then batches field by field.
// After the first error every call fails: a state with a gap never gets a
// trailer. Not thread-safe.
//
// A state in rounds (docs/stream_format.md) is, instead of Begin(),
//   BeginRound(root), records, EndRound()       the first, with all records
//   BeginRound(root), records, EndRound() ...   what has changed since
//   BeginRound(root), records, Finish()         the last
// A record that is added in a later round replaces the one of its key.
class RecordWriter {
 public:
  const StreamWriter& stream() const { return *stream_; }

  // Shows all that is written to `filter` and writes what that returns, as a
  // state of its schema. Must come before Begin(). `filter` must outlive the
  // writer.
  void SetFilter(SaveFilter* filter) { filter_ = filter; }

  // Shows header and serialized root message to `check` before they are
  // written. An error of `check` ends the write. Must come before Begin().
  using RootCheck = std::function<absl::Status(const StreamHeader& header,
                                               absl::string_view root)>;
  void SetRootCheck(RootCheck check) { check_root_ = std::move(check); }

  // Makes Begin() begin the first round of a state in rounds, so that what
  // writes a state whole writes one that goes on. Must come before Begin().
  void StartInRounds() { starts_in_rounds_ = true; }
  // Ends a round after which others come. The sink has all of it then.
  absl::Status EndRound();

  // Returns whether AddStored() takes batches of the field: the state is
  // written whole, nothing filters it, and no value comes in pieces of it.
  bool TakesStored(uint32_t field) const;
  // Adds a batch that was encoded before, by a writer of the same schema. It
  // comes after the records of the field so far. The place of the batch in this
  // stream is written into it; it may be added to another stream afterwards.
  //
  // Requires: TakesStored().
  absl::Status AddStored(StoredChunk& batch);

 protected:
  RecordWriter(ByteSink* sink, const SchemaInfo& schema,
               const WriterOptions& options);
  ~RecordWriter();

  // What is known of a root.
  enum class RootState {
    // The check of roots has something to say, perhaps.
    kUnchecked,
    // The schema's annotations allow it.
    kAllowed,
  };

  // Header and root chunk. INVALID_ARGUMENT, with the path, if `root` holds
  // records or what its schema does not have. For generated code: what has no
  // Protocol Buffers does not link it.
  absl::Status BeginState(const google::protobuf::Message& root);
  // The same for a serialized root that its schema has and that uses
  // `features`.
  absl::Status BeginState(absl::string_view root,
                          const std::set<std::string>& features,
                          RootState state);
  // The same for the root of the next round.
  absl::Status BeginRoundState(const google::protobuf::Message& root);
  absl::Status BeginRoundState(absl::string_view root,
                               const std::set<std::string>& features,
                               RootState state);
  bool has_root_check() const { return check_root_ != nullptr; }
  // Returns the key of the field's records, as RecordKey() gives it.
  virtual absl::Span<const uint16_t> KeyOf(uint32_t field) const;

  // Adds the deletion of the record with the key of `row`, whose other members
  // do not count. `size` is what a record counts for that has nothing but the
  // key.
  template <typename Builder, typename Row>
  absl::Status DeleteRecord(uint32_t number, absl::string_view name,
                            Builder& builder, const Row& row, size_t size) {
    absl::Status status = StartDeletion({number, name, &builder}, size);
    if (!status.ok()) return status;
    builder.Append(row);
    return absl::OkStatus();
  }

  // Adds a record of the field `number`; writes a batch when it is full.
  // `builder` derives from RecordColumnsBuilder and appends a `row`. `size` is
  // what the record counts for (docs/stream_format.md, "Sizes").
  template <typename Builder, typename Row>
  ABSL_ATTRIBUTE_ALWAYS_INLINE absl::Status AddRecord(uint32_t number,
                                                      absl::string_view name,
                                                      Builder& builder,
                                                      const Row& row,
                                                      size_t size) {
    if (ABSL_PREDICT_FALSE(number != open_number_)) {
      absl::Status status = StartField({number, name, &builder});
      if (!status.ok()) return status;
    }
    if (ABSL_PREDICT_FALSE(!HasRoom(builder.size(), size))) {
      absl::Status status = FlushBatch();
      if (!status.ok()) return status;
    }
    batch_bytes_ += size;
    builder.Append(row);
    return absl::OkStatus();
  }

  // The same for `sizes.size()` records, of which sizes[i] is what record i
  // counts for. `append(begin, end)` appends those from `begin` up to `end` to
  // `builder`.
  template <typename Append>
  absl::Status AddRecords(uint32_t number, absl::string_view name,
                          RecordColumnsBuilder& builder,
                          absl::Span<const uint64_t> sizes, Append append) {
    if (number != open_number_) {
      absl::Status status = StartField({number, name, &builder});
      if (!status.ok()) return status;
    }
    const uint64_t all =
        std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
    size_t begin = 0;
    // A record counts for less than 2^48 bytes, so the sum is right.
    if (builder.size() + sizes.size() <= max_records_ &&
        batch_bytes_ + all <= max_batch_bytes_) {
      batch_bytes_ += all;
      append(begin, sizes.size());
      return absl::OkStatus();
    }
    while (begin < sizes.size()) {
      size_t end = begin;
      while (end < sizes.size() &&
             HasRoom(builder.size() + (end - begin), sizes[end])) {
        batch_bytes_ += sizes[end++];
      }
      if (end == begin) {
        absl::Status status = FlushBatch();
        if (!status.ok()) return status;
        // Alone in its batch, whatever its size.
        batch_bytes_ += sizes[end++];
      }
      append(begin, end);
      begin = end;
    }
    return absl::OkStatus();
  }

  absl::Status FinishState();

 private:
  // The field whose records are being collected.
  struct Pending {
    uint32_t number;
    absl::string_view name;
    RecordColumnsBuilder* builder;
  };
  enum class Round { kNone, kFirst, kDelta, kComplete };

  absl::Status WriteRoot(absl::string_view root,
                         const std::set<std::string>& features,
                         RootState state);
  // INVALID_ARGUMENT if the header does not name one of the features.
  absl::Status CheckNamed(const std::set<std::string>& features) const;
  // FAILED_PRECONDITION unless a round may begin now; else begins it.
  absl::Status StartRound();
  // Begins a round whose root is that of the round before.
  absl::Status BeginSameRound();
  // Writes the mark of a round, if there are rounds, and the root chunk.
  absl::Status WriteRootChunk(absl::string_view root);
  // Returns the header of the state whose root uses `features`.
  StreamHeader Header(const std::set<std::string>& features) const;
  // Starts and ends a batch of the pending field, through the filter if there
  // is one.
  MessageWriter* BeginBatch();
  absl::Status EndBatch(uint32_t records);

  // Returns whether the batch, of `records` records so far, takes one more that
  // counts for `size` bytes.
  bool HasRoom(size_t records, size_t size) const {
    return records < max_records_ && batch_bytes_ + size <= max_batch_bytes_;
  }
  absl::Status StartField(const Pending& field);
  absl::Status StartDeletion(const Pending& field, size_t size);
  absl::Status CheckField(const Pending& field);
  absl::Status SetPending(const Pending& field, ChunkType type);
  // Writes a mark of the current round.
  absl::Status WriteMark(ChunkType type);
  absl::Status FlushBatch();
  absl::Status WriteBatch();
  // RESOURCE_EXHAUSTED if readers with the same limits would refuse the batch.
  absl::Status CheckBatchMemory() const;
  // The same of the records of the first round.
  absl::Status CheckMergeBytes();
  // INVALID_ARGUMENT if the pieces of the batch are not as the schema says.
  absl::Status CheckPieces(const RecordColumnsBuilder& builder);

  const std::unique_ptr<StreamWriter> stream_;
  const SchemaInfo& schema_;
  SaveFilter* filter_ = nullptr;
  RootCheck check_root_;
  // The batch under way, if there is a filter.
  ByteBuffer unfiltered_;
  MessageWriter unfiltered_writer_{&unfiltered_};
  Pending pending_ = {};
  PieceColumns pieces_;
  // What the pending records are.
  ChunkType pending_type_ = ChunkType::kBatch;
  // The field to which AddRecord() adds as it stands; 0 if none.
  uint32_t open_number_ = 0;
  Round round_ = Round::kNone;
  uint32_t round_number_ = 0;
  bool starts_in_rounds_ = false;
  // The features that the header of a state in rounds names, the root of the
  // last round, and the size of the records of the first one.
  std::set<std::string> header_features_;
  std::string round_root_;
  uint64_t first_round_bytes_ = 0;
  // FAILED_PRECONDITION, now and for ever: the stream would have a gap.
  absl::Status Misuse(const std::string& message);

  // The size of the batch so far, and where it ends.
  size_t batch_bytes_ = 0;
  size_t max_batch_bytes_ = 0;
  size_t max_records_ = 0;
  bool begun_ = false;
  absl::Status status_;
};

// Base of the generated readers. Not thread-safe.
class RecordReader {
 public:
  const StreamReader& stream() const { return *stream_; }

  // Reads the header, so that the caller can judge it before anything else;
  // Read…() does it if the caller does not. The header is valid as long as the
  // reader.
  absl::StatusOr<const StreamHeader*> ReadHeader();

  // Shows every chunk to `filter`, which must outlive the reader, before it is
  // decoded. Must come before Read…().
  void SetFilter(ChunkFilter* filter) { filter_ = filter; }

 protected:
  // Merges a state in rounds if `rounds` says so. Then MakeMergeCodec() has the
  // codec of each field.
  RecordReader(ByteSource* source, const SchemaInfo& schema,
               const Limits& limits, Rounds rounds = Rounds::kRefuse);

  // What a generated reader does with a chunk.
  virtual absl::Status HandleRoot(const Chunk& chunk) = 0;
  virtual absl::Status HandleBatch(const Chunk& chunk) = 0;
  // Returns the codec of a field of records; null if there is no such field.
  virtual std::unique_ptr<MergeCodec> MakeMergeCodec(uint32_t field);
  ~RecordReader();

  // Header, all chunks, trailer. Once: after an error, and after the end, there
  // is nothing more to read.
  absl::Status ReadState();
  // The same piece by piece: the header and one chunk, or the next chunk. False
  // after the trailer. Not after an error. The first chunk of a state in rounds
  // comes when all of them have come.
  absl::StatusOr<bool> ReadNext();

  // Checks and parses the root chunk (root_message.h), unless the filter has
  // done that. For generated code, as BeginState().
  absl::Status ParseRoot(const Chunk& chunk, google::protobuf::Message& root);

  // Decodes a batch and hands it to `visit`.
  template <typename Row, typename Visit>
  absl::Status DecodeBatch(const Chunk& chunk, absl::string_view name,
                           RowReader<Row>& columns, Visit visit) {
    absl::Status status = DecodeColumns(chunk, name, Row::kRecordSize, columns);
    if (!status.ok()) return status;
    RecordBatch<Row> batch(&columns, chunk.header.records);
    return visit(batch);
  }

  // Decodes a batch of records that count for `record_size` bytes each.
  absl::Status DecodeColumns(const Chunk& chunk, absl::string_view name,
                             size_t record_size, RecordColumnsReader& columns);

  // An error for a batch of a field that the schema does not have.
  absl::Status UnknownBatch(const Chunk& chunk) const;

 private:
  // Returns the next chunk of the state written whole.
  absl::StatusOr<absl::optional<Chunk>> NextChunk();
  // Reads all rounds.
  absl::Status Merge();

  const std::unique_ptr<StreamReader> stream_;
  std::unique_ptr<RoundMerger> merger_;
  const SchemaInfo& schema_;
  ChunkFilter* filter_ = nullptr;
  const StreamHeader* header_ = nullptr;
  PieceColumns pieces_;
  bool read_ = false;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_RECORD_STREAM_H_
