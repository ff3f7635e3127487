// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// All of generated writers and readers that does not depend on their types. The
// first error stays: a stream with a gap must never get a trailer.

#include "devstate/serializer/record_stream.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/chunk_filter.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/merge_codec.h"
#include "devstate/serializer/push_source.h"
#include "devstate/serializer/round_merger.h"
#include "devstate/serializer/save_filter.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/stream_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Returns the error of a writer whose pieces are not whole.
absl::Status NotWhole(const std::string& fault) {
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(fault,
                   ": no reader would load it, save each value from its begin "
                   "to its end and with its size"));
}

// Returns whether records of the field are pieces of values, or own some.
bool HasPieces(const SchemaInfo& schema, uint32_t field) {
  return std::any_of(schema.pieces.begin(), schema.pieces.end(),
                     [field](const PiecesInfo& pieces) {
                       return pieces.field == field ||
                              pieces.owners_field == field;
                     });
}

}  // namespace

RecordWriter::RecordWriter(ByteSink* sink, const SchemaInfo& schema,
                           const WriterOptions& options)
    : stream_(std::make_unique<StreamWriter>(sink, options)),
      schema_(schema),
      pieces_(schema.pieces) {}

RecordWriter::~RecordWriter() = default;

StreamHeader RecordWriter::Header(const std::set<std::string>& features) const {
  WriterOptions options = stream_->options();
  if (!options.used_features.has_value()) {
    options.used_features.emplace(features.begin(), features.end());
  }
  if (filter_ == nullptr) return MakeHeader(schema_, options);
  StreamHeader header = MakeHeader(filter_->schema(), options);
  header.conversions.push_back(
      {schema_.version, filter_->schema().version, header.writer});
  return header;
}

absl::Status RecordWriter::BeginState(absl::string_view root,
                                      const std::set<std::string>& features,
                                      RootState state) {
  DS_RETURN_IF_ERROR(status_);
  if (starts_in_rounds_) return BeginRoundState(root, features, state);
  if (begun_) return Misuse("Begin() twice");
  begun_ = true;
  return status_ = WriteRoot(root, features, state);
}

absl::Status RecordWriter::StartRound() {
  DS_RETURN_IF_ERROR(status_);
  if (begun_ && round_ != Round::kComplete) {
    return Misuse("BeginRound() before the end of what came before");
  }
  if (filter_ != nullptr) {
    return Misuse(
        "a state in rounds for another version of its schema: save it whole");
  }
  round_ = begun_ ? Round::kDelta : Round::kFirst;
  begun_ = true;
  ++round_number_;
  return absl::OkStatus();
}

absl::Status RecordWriter::BeginRoundState(
    absl::string_view root, const std::set<std::string>& features,
    RootState state) {
  DS_RETURN_IF_ERROR(StartRound());
  status_ = WriteRoot(root, features, state);
  if (status_.ok()) round_root_.assign(root.data(), root.size());
  return status_;
}

absl::Status RecordWriter::BeginSameRound() {
  DS_RETURN_IF_ERROR(StartRound());
  return status_ = WriteRootChunk(round_root_);
}

absl::Status RecordWriter::WriteMark(ChunkType type) {
  stream_->BeginChunk();
  return stream_->EndChunk(type, round_number_, 0);
}

absl::Status RecordWriter::EndRound() {
  DS_RETURN_IF_ERROR(status_);
  if (round_ != Round::kFirst && round_ != Round::kDelta) {
    return Misuse("EndRound() without BeginRound()");
  }
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = {};
  open_number_ = 0;
  if (round_ == Round::kFirst) {
    DS_RETURN_IF_ERROR(status_ = NotWhole(pieces_.Finish()));
  }
  round_ = Round::kComplete;
  return status_ = WriteMark(ChunkType::kRoundComplete);
}

absl::Span<const uint16_t> RecordWriter::KeyOf(uint32_t) const { return {}; }

absl::Status RecordWriter::WriteRoot(absl::string_view root,
                                     const std::set<std::string>& features,
                                     RootState state) {
  const bool checks = check_root_ != nullptr && state == RootState::kUnchecked;
  const bool has_header = round_number_ > 1;
  if (checks || !has_header) {
    StreamHeader header = Header(features);
    if (checks) DS_RETURN_IF_ERROR(check_root_(header, root));
    if (!has_header) {
      header_features_ = {header.used_features.begin(),
                          header.used_features.end()};
      DS_RETURN_IF_ERROR(stream_->WriteHeader(std::move(header)));
    }
  }
  if (has_header) DS_RETURN_IF_ERROR(CheckNamed(features));
  return WriteRootChunk(root);
}

absl::Status RecordWriter::CheckNamed(
    const std::set<std::string>& features) const {
  const auto unnamed = std::find_if(
      features.begin(), features.end(), [this](const std::string& feature) {
        return header_features_.count(feature) == 0;
      });
  if (unnamed == features.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "round ", round_number_, " uses the feature ", *unnamed,
      ", which the header does not name: name in used_features all that the "
      "state may come to use"));
}

absl::Status RecordWriter::WriteRootChunk(absl::string_view root) {
  if (round_ != Round::kNone) {
    DS_RETURN_IF_ERROR(WriteMark(round_ == Round::kFirst
                                     ? ChunkType::kFirstRound
                                     : ChunkType::kDeltaRound));
  }
  if (filter_ != nullptr) {
    DS_ASSIGN_OR_RETURN(root, filter_->FilterRoot(root));
  }
  stream_->BeginChunk()->out().Append(root);
  return stream_->EndChunk(ChunkType::kRoot, 0, 0);
}

MessageWriter* RecordWriter::BeginBatch() {
  if (filter_ == nullptr) return stream_->BeginChunk();
  unfiltered_.clear();
  const WriterOptions& options = stream_->options();
  unfiltered_writer_.set_column_options(
      {options.plain_columns,
       options.compression.mode != Compression::Mode::kRaw});
  return &unfiltered_writer_;
}

absl::Status RecordWriter::EndBatch(uint32_t records) {
  if (filter_ == nullptr) {
    return stream_->EndChunk(pending_type_, pending_.number, records);
  }
  Chunk batch;
  batch.header.type = ChunkType::kBatch;
  batch.header.sequence = static_cast<uint32_t>(stream_->chunks());
  batch.header.field = pending_.number;
  batch.header.records = records;
  batch.offset = stream_->bytes_written();
  batch.payload = unfiltered_.view();
  DS_ASSIGN_OR_RETURN(const Chunk filtered, filter_->FilterBatch(batch));
  if (filtered.header.records == 0) return absl::OkStatus();
  stream_->BeginChunk()->out().Append(filtered.payload);
  return stream_->EndChunk(ChunkType::kBatch, filtered.header.field,
                           filtered.header.records);
}

absl::Status RecordWriter::CheckField(const Pending& field) {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_ || round_ == Round::kComplete) {
    return Misuse(
        absl::StrCat("records of ", field.name,
                     " before Begin(): the singular fields come first"));
  }
  if (field.number < pending_.number) {
    return Misuse(absl::StrCat(
        "records of ", field.name, " (field ", field.number,
        ") after records of ", pending_.name, " (field ", pending_.number,
        "): add them in ascending order of field number"));
  }
  if (round_ == Round::kDelta && HasPieces(schema_, field.number)) {
    return Misuse(absl::StrCat(
        "changes of ", field.name,
        ", whose records are pieces of values, or own them: they change as a "
        "whole, so save the state whole"));
  }
  if (round_ == Round::kDelta && KeyOf(field.number).empty()) {
    return Misuse(absl::StrCat(
        "changes of ", field.name,
        ", whose schema does not say what tells its records apart: declare "
        "(devstate.message).key or (devstate.field).unique_by, of fields that "
        "occur exactly once, or save the state whole"));
  }
  return absl::OkStatus();
}

bool RecordWriter::TakesStored(uint32_t field) const {
  return filter_ == nullptr && round_ == Round::kNone && !starts_in_rounds_ &&
         !HasPieces(schema_, field);
}

absl::Status RecordWriter::AddStored(StoredChunk& batch) {
  const uint32_t number = batch.header.field;
  const std::string name = absl::StrCat("field ", number);
  DS_RETURN_IF_ERROR(CheckField({number, name, nullptr}));
  if (!TakesStored(number)) {
    return Misuse(absl::StrCat("a stored batch of ", name,
                               ", which TakesStored() does not take"));
  }
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = {number, "records", nullptr};
  open_number_ = 0;
  return status_ = stream_->AddStored(batch);
}

absl::Status RecordWriter::StartField(const Pending& field) {
  DS_RETURN_IF_ERROR(CheckField(field));
  DS_RETURN_IF_ERROR(SetPending(
      field,
      round_ == Round::kDelta ? ChunkType::kUpserts : ChunkType::kBatch));
  open_number_ = field.number;
  return absl::OkStatus();
}

absl::Status RecordWriter::StartDeletion(const Pending& field, size_t size) {
  DS_RETURN_IF_ERROR(CheckField(field));
  if (round_ != Round::kDelta) {
    return Misuse(absl::StrCat("a deletion of ", field.name,
                               " that is not in a round after the first"));
  }
  if (field.number != pending_.number ||
      pending_type_ != ChunkType::kDeletions) {
    open_number_ = 0;
    DS_RETURN_IF_ERROR(SetPending(field, ChunkType::kDeletions));
  }
  if (!HasRoom(pending_.builder->size(), size)) {
    DS_RETURN_IF_ERROR(FlushBatch());
  }
  batch_bytes_ += size;
  return absl::OkStatus();
}

absl::Status RecordWriter::SetPending(const Pending& field, ChunkType type) {
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = field;
  pending_type_ = type;
  const WriterOptions& options = stream_->options();
  // A number counts for 8 bytes and takes 10 in a column at worst. What is
  // left of the chunk is for the columns' own tags and lengths.
  const uint64_t chunk_bytes = options.limits.max_chunk_decoded_bytes;
  max_batch_bytes_ = static_cast<size_t>(
      std::min({uint64_t{options.max_batch_bytes}, chunk_bytes / 4 * 3,
                options.limits.max_batch_memory}));
  max_records_ = std::max<size_t>(
      1, std::min(options.max_batch_records, options.limits.max_chunk_records));
  return absl::OkStatus();
}

absl::Status RecordWriter::CheckBatchMemory() const {
  const uint64_t limit = stream_->options().limits.max_batch_memory;
  if (batch_bytes_ <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      pending_.name, " ", stream_->records(), ": the record counts for ",
      batch_bytes_, " bytes and readers accept max_batch_memory = ", limit,
      ": split its repeated fields into records of their own"));
}

absl::Status RecordWriter::CheckMergeBytes() {
  if (round_ != Round::kFirst) return absl::OkStatus();
  first_round_bytes_ += batch_bytes_;
  const uint64_t limit = stream_->options().limits.max_merge_bytes;
  if (first_round_bytes_ <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the records of the first round count for ", first_round_bytes_,
      " bytes and readers accept max_merge_bytes = ", limit,
      ": save the state whole, or raise the limit on both sides"));
}

absl::Status RecordWriter::CheckPieces(const RecordColumnsBuilder& builder) {
  return NotWhole(
      pieces_.OnBatch(pending_.number, builder.size(),
                      [&builder](size_t index, BoundsEntry::Column column) {
                        return builder.Stored(index, column);
                      }));
}

absl::Status RecordWriter::WriteBatch() {
  RecordColumnsBuilder& builder = *pending_.builder;
  const size_t records = builder.size();
  if (records == 0) return absl::OkStatus();
  DS_RETURN_IF_ERROR(CheckBatchMemory());
  DS_RETURN_IF_ERROR(CheckMergeBytes());
  const bool deletions = pending_type_ == ChunkType::kDeletions;
  const absl::Span<const uint16_t> key = KeyOf(pending_.number);
  if (absl::Status status = deletions ? builder.ValidateKeys(key)
                                      : builder.Validate(RowKind::kRecord);
      !status.ok()) {
    return absl::Status(
        status.code(),
        absl::StrCat(pending_.name, " ", stream_->records(), " to ",
                     stream_->records() + records - 1, ": ", status.message()));
  }
  MessageWriter& out = *BeginBatch();
  if (deletions) {
    builder.EncodeKeys(key, out);
  } else {
    if (pending_type_ == ChunkType::kBatch) {
      DS_RETURN_IF_ERROR(CheckPieces(builder));
    }
    builder.EncodeBody(out);
  }
  builder.Clear();
  return EndBatch(static_cast<uint32_t>(records));
}

absl::Status RecordWriter::FlushBatch() {
  DS_RETURN_IF_ERROR(status_);
  if (pending_.builder != nullptr) status_ = WriteBatch();
  batch_bytes_ = 0;
  if (!status_.ok()) {
    pending_ = {};
    open_number_ = 0;
  }
  return status_;
}

absl::Status RecordWriter::Misuse(const std::string& message) {
  // No field is under way, so that AddRecord() comes to StartField().
  pending_ = {};
  open_number_ = 0;
  return status_ = absl::FailedPreconditionError(message);
}

absl::Status RecordWriter::FinishState() {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_) return Misuse("Finish() before Begin()");
  if (round_ == Round::kComplete) {
    return Misuse("Finish() between two rounds: the last one, which may be "
                  "without changes, ends with it");
  }
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = {};
  DS_RETURN_IF_ERROR(status_ = NotWhole(pieces_.Finish()));
  if (round_ != Round::kNone) status_ = WriteMark(ChunkType::kFinal);
  if (status_.ok()) status_ = stream_->Finish();
  if (!status_.ok()) return status_;
  Misuse("the state is finished already").IgnoreError();
  return absl::OkStatus();
}

RecordReader::RecordReader(ByteSource* source, const SchemaInfo& schema,
                           const Limits& limits, Rounds rounds)
    : stream_(std::make_unique<StreamReader>(source, limits, rounds)),
      schema_(schema),
      pieces_(schema.pieces) {}

RecordReader::~RecordReader() = default;

absl::StatusOr<const StreamHeader*> RecordReader::ReadHeader() {
  if (header_ == nullptr) {
    DS_ASSIGN_OR_RETURN(header_, stream_->ReadHeader());
  }
  return header_;
}

absl::Status RecordReader::ReadState() {
  if (read_) return absl::FailedPreconditionError("the state was read already");
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = ReadNext();
  read_ = !NeedsMoreBytes(more.status());
  return more.status();
}

absl::StatusOr<bool> RecordReader::ReadNext() {
  DS_RETURN_IF_ERROR(ReadHeader().status());
  if (header_->root_message != schema_.root_message) {
    return absl::FailedPreconditionError(
        absl::StrCat("the stream holds a ", header_->root_message,
                     ", this reader reads ", schema_.root_message));
  }
  DS_ASSIGN_OR_RETURN(absl::optional<Chunk> chunk, NextChunk());
  if (!chunk.has_value()) {
    const std::string fault = pieces_.Finish();
    if (fault.empty()) return false;
    ErrorDetail detail;
    detail.offset = stream_->offset();
    return PiecesError(detail, fault);
  }
  if (filter_ != nullptr) {
    DS_ASSIGN_OR_RETURN(chunk, filter_->Filter(*chunk));
    if (chunk->header.type == ChunkType::kBatch && chunk->header.records == 0) {
      return true;
    }
  }
  DS_RETURN_IF_ERROR(chunk->header.type == ChunkType::kRoot
                         ? HandleRoot(*chunk)
                         : HandleBatch(*chunk));
  return true;
}

absl::StatusOr<absl::optional<Chunk>> RecordReader::NextChunk() {
  if (merger_ == nullptr) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk,
                        stream_->NextChunk());
    if (!chunk.has_value() || chunk->header.type != ChunkType::kFirstRound) {
      return chunk;
    }
    if (filter_ != nullptr && header_->fingerprint != schema_.fingerprint) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the state comes in rounds of version ", header_->schema_version,
          " of its schema, and rounds are merged by their own schema alone, "
          "not by version ",
          schema_.version,
          " of this reader: merge them with \"devstate merge\""));
    }
    merger_ = std::make_unique<RoundMerger>(
        schema_, stream_->limits(), header_->schema_version,
        [this](uint32_t field) { return MakeMergeCodec(field); });
  }
  DS_RETURN_IF_ERROR(Merge());
  return merger_->Next();
}

absl::Status RecordReader::Merge() {
  // After the last chunk there is none, whenever one is asked for.
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk,
                        stream_->NextChunk());
    if (!chunk.has_value()) return absl::OkStatus();
    DS_RETURN_IF_ERROR(merger_->Add(*chunk));
    if (filter_ == nullptr) continue;
    const bool hand_out = filter_->LookAhead(*chunk);
    // The pieces of a value are checked as one sequence.
    if (hand_out && HasRecords(chunk->header.type) &&
        chunk->header.type != ChunkType::kDeletions &&
        !HasPieces(schema_, chunk->header.field)) {
      DS_RETURN_IF_ERROR(HandleBatch(*chunk));
    }
  }
}

std::unique_ptr<MergeCodec> RecordReader::MakeMergeCodec(uint32_t) {
  return nullptr;
}

absl::Status RecordReader::DecodeColumns(const Chunk& chunk,
                                         absl::string_view name,
                                         size_t record_size,
                                         RecordColumnsReader& columns) {
  DS_RETURN_IF_ERROR(DecodeRecords(chunk, name, record_size, /*key=*/{},
                                   stream_->limits(), header_->schema_version,
                                   columns));
  const size_t count = chunk.header.records;
  const std::string fault = pieces_.OnBatch(
      chunk.header.field, count,
      [&columns, count](size_t index, BoundsEntry::Column column) {
        return columns.Stored(index, column, count);
      });
  if (fault.empty()) return absl::OkStatus();
  ErrorDetail detail;
  detail.offset = chunk.offset;
  detail.chunk = chunk.header.sequence;
  return PiecesError(detail, fault);
}

absl::Status RecordReader::UnknownBatch(const Chunk& chunk) const {
  return CheckUnknownField(chunk, schema_);
}

}  // namespace devstate
