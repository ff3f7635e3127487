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
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/save_filter.h"
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
  if (begun_) return Misuse("Begin() twice");
  begun_ = true;
  return status_ = WriteRoot(root, features, state);
}

absl::Status RecordWriter::WriteRoot(absl::string_view root,
                                     const std::set<std::string>& features,
                                     RootState state) {
  StreamHeader header = Header(features);
  if (check_root_ != nullptr && state == RootState::kUnchecked) {
    DS_RETURN_IF_ERROR(check_root_(header, root));
  }
  DS_RETURN_IF_ERROR(stream_->WriteHeader(std::move(header)));
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
    return stream_->EndChunk(ChunkType::kBatch, pending_.number, records);
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

absl::Status RecordWriter::StartField(const Pending& field) {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_) {
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
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = field;
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
  if (absl::Status status = builder.Validate(RowKind::kRecord); !status.ok()) {
    return absl::Status(
        status.code(),
        absl::StrCat(pending_.name, " ", stream_->records(), " to ",
                     stream_->records() + records - 1, ": ", status.message()));
  }
  DS_RETURN_IF_ERROR(CheckPieces(builder));
  builder.EncodeBody(*BeginBatch());
  builder.Clear();
  return EndBatch(static_cast<uint32_t>(records));
}

absl::Status RecordWriter::FlushBatch() {
  DS_RETURN_IF_ERROR(status_);
  if (pending_.builder != nullptr) status_ = WriteBatch();
  batch_bytes_ = 0;
  if (!status_.ok()) pending_ = {};
  return status_;
}

absl::Status RecordWriter::Misuse(const std::string& message) {
  // No field is under way, so that AddRecord() comes to StartField().
  pending_ = {};
  return status_ = absl::FailedPreconditionError(message);
}

absl::Status RecordWriter::FinishState() {
  DS_RETURN_IF_ERROR(status_);
  if (!begun_) return Misuse("Finish() before Begin()");
  DS_RETURN_IF_ERROR(FlushBatch());
  pending_ = {};
  DS_RETURN_IF_ERROR(status_ = NotWhole(pieces_.Finish()));
  status_ = stream_->Finish();
  if (!status_.ok()) return status_;
  Misuse("the state is finished already").IgnoreError();
  return absl::OkStatus();
}

RecordReader::RecordReader(ByteSource* source, const SchemaInfo& schema,
                           const Limits& limits)
    : stream_(std::make_unique<StreamReader>(source, limits)),
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
  read_ = true;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool more, ReadNext());
    if (!more) return absl::OkStatus();
  }
}

absl::StatusOr<bool> RecordReader::ReadNext() {
  DS_RETURN_IF_ERROR(ReadHeader().status());
  if (header_->root_message != schema_.root_message) {
    return absl::FailedPreconditionError(
        absl::StrCat("the stream holds a ", header_->root_message,
                     ", this reader reads ", schema_.root_message));
  }
  DS_ASSIGN_OR_RETURN(absl::optional<Chunk> chunk, stream_->NextChunk());
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

absl::Status RecordReader::DecodeColumns(const Chunk& chunk,
                                         absl::string_view name,
                                         size_t record_size,
                                         RecordColumnsReader& columns) {
  DecodeContext context(chunk, stream_->limits(), header_->schema_version);
  DecodeContext::PathScope scope(context, name);
  DS_RETURN_IF_ERROR(context.ChargeMemory(chunk.header.records, record_size));
  const size_t count = chunk.header.records;
  DS_RETURN_IF_ERROR(columns.Decode(chunk.payload, count, context));
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
  if ((chunk.header.flags & kChunkFlagIgnorable) != 0) return absl::OkStatus();
  return chunk.Error(
      ERROR_REASON_UNKNOWN_CONTENT,
      absl::StrCat("records of field ", chunk.header.field, " of ",
                   schema_.root_message, " are unknown in schema version ",
                   schema_.version, " of this reader"));
}

}  // namespace devstate
