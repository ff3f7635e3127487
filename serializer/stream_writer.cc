// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "serializer/stream_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Enough for one write to fill a good part of a 1 MiB pipe, little enough to
// stay in the second-level cache together with the chunk under way.
constexpr size_t kFlushSize = 64 * 1024;

constexpr size_t kMinAutomaticSize = 4096;
constexpr uint32_t kMaxSkip = 16;

}  // namespace

StreamHeader MakeHeader(const SchemaInfo& schema,
                        const WriterOptions& options) {
  StreamHeader header;
  header.set_device(std::string(schema.device));
  header.set_schema(std::string(schema.schema));
  header.set_schema_version(schema.version);
  header.set_min_reader(schema.min_reader);
  header.set_root_message(std::string(schema.root_message));
  *header.mutable_writer() = options.implementation;
  for (const std::string& feature : options.used_features) {
    header.add_used_features(feature);
  }
  header.set_fingerprint(std::string(schema.fingerprint));
  if (options.embed_descriptor_set) {
    header.set_descriptor_set(std::string(schema.descriptor_set));
  }
  header.set_instance(options.instance);
  return header;
}

StreamWriter::StreamWriter(ByteSink* sink, WriterOptions options)
    : sink_(sink), options_(std::move(options)) {
  payload_.set_column_options(
      {options_.plain_columns,
       options_.compression.mode != Compression::Mode::kRaw});
}

absl::Status StreamWriter::WriteHeader(StreamHeader header) {
  DS_RETURN_IF_ERROR(status_);
  if (stage_ != Stage::kHeader) {
    return status_ = absl::FailedPreconditionError("WriteHeader() twice");
  }
  stage_ = Stage::kChunks;
  if (header.ByteSizeLong() > options_.limits.max_header_bytes) {
    header.clear_descriptor_set();
  }
  const std::string message = header.SerializeAsString();
  if (message.size() > options_.limits.max_header_bytes) {
    return status_ = absl::ResourceExhaustedError(absl::StrCat(
               "the stream header would have ", message.size(),
               " bytes and readers accept ", options_.limits.max_header_bytes,
               ": shorten the names of features, instance or implementation"));
  }
  StreamPrefix prefix;
  prefix.header_size = static_cast<uint32_t>(message.size());
  prefix.header_checksum = Checksum(message);
  EncodePrefix(prefix, out_.Extend(kPrefixSize));
  out_.Append(message);
  previous_checksum_ = prefix.prefix_checksum;
  return absl::OkStatus();
}

bool StreamWriter::ShouldCompress(size_t size) const {
  switch (options_.compression.mode) {
    case Compression::Mode::kRaw:
      return false;
    case Compression::Mode::kZstd:
      return size > 0;
    case Compression::Mode::kAutomatic:
      return size >= kMinAutomaticSize && skip_compression_ == 0;
  }
  return false;
}

MessageWriter* StreamWriter::BeginChunk() {
  chunk_start_ = out_.size();
  out_.Extend(kChunkHeaderSize);
  chunk_in_scratch_ = options_.compression.mode != Compression::Mode::kRaw;
  scratch_.clear();
  payload_.set_out(chunk_in_scratch_ ? &scratch_ : &out_);
  return &payload_;
}

absl::StatusOr<size_t> StreamWriter::CompressPayload() {
  const size_t start = out_.size();
  const size_t bound = Compressor::Bound(scratch_.size());
  char* compressed = out_.Extend(bound);
  DS_ASSIGN_OR_RETURN(
      const size_t size,
      compressor_.Compress(scratch_.view(), options_.compression.level,
                           compressed, bound));
  const bool smaller = size < scratch_.size();
  if (smaller && ExpandsTooMuch(size)) {
    out_.ResizeUninitialized(start);
    return 0;
  }
  out_.ResizeUninitialized(start + (smaller ? size : 0));
  // Skip further and further ahead while nothing shrinks.
  next_skip_ = smaller ? 1 : std::min(next_skip_ * 2, kMaxSkip);
  skip_compression_ = smaller ? 0 : next_skip_;
  return smaller ? size : 0;
}

// A state of zeros can shrink to what readers take for a decompression bomb.
bool StreamWriter::ExpandsTooMuch(size_t stored_size) const {
  return Expansion(trailer_.decoded_bytes() + scratch_.size(),
                   trailer_.stored_bytes() + stored_size) >
         options_.limits.max_expansion;
}

absl::Status StreamWriter::EndChunk(ChunkType type, uint32_t field,
                                    uint32_t records) {
  if (status_.ok()) status_ = EndChunkImpl(type, field, records);
  return status_;
}

absl::Status StreamWriter::CheckOrder(ChunkType type, uint32_t field,
                                      uint32_t records) const {
  if (stage_ != Stage::kChunks) {
    return absl::FailedPreconditionError(stage_ == Stage::kHeader
                                             ? "a chunk before WriteHeader()"
                                             : "a chunk after Finish()");
  }
  const bool batch = type == ChunkType::kBatch;
  if ((!batch && type != ChunkType::kRoot) || batch != (field != 0) ||
      batch != (records != 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat("a chunk of type ", static_cast<int>(type), " with field ",
                     field, " and ", records, " records"));
  }
  if (batch != (trailer_.chunks() != 0) || field < last_field_) {
    return absl::FailedPreconditionError(
        absl::StrCat("chunk ", trailer_.chunks(), " is a chunk of type ",
                     static_cast<int>(type), " and field ", field,
                     " after field ", last_field_,
                     ": the root chunk comes first, then the batches in "
                     "ascending order of field"));
  }
  return absl::OkStatus();
}

absl::Status StreamWriter::CheckLimits(ChunkType type, uint32_t field,
                                       uint32_t records,
                                       size_t decoded_size) const {
  if (decoded_size > options_.limits.max_chunk_decoded_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "chunk ", trailer_.chunks(), ": ",
        type == ChunkType::kRoot
            ? std::string("the singular fields of the root message take ")
            : absl::StrCat("a batch of ", records, " records of field ", field,
                           " takes "),
        decoded_size, " bytes and a chunk holds at most ",
        options_.limits.max_chunk_decoded_bytes,
        ": move large data into a repeated record field, or split its values"));
  }
  if (trailer_.chunks() >= options_.limits.max_chunks) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the state takes more than ", options_.limits.max_chunks,
                     " chunks: use larger batches"));
  }
  if (records > options_.limits.max_chunk_records) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a batch of ", records, " records of field ", field,
        " is more than readers accept, ", options_.limits.max_chunk_records));
  }
  if (records > options_.limits.max_records - trailer_.records()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the state has more than ", options_.limits.max_records,
                     " records, the most that readers accept"));
  }
  if (decoded_size >
      options_.limits.max_decoded_bytes - trailer_.decoded_bytes()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the state takes more than ", options_.limits.max_decoded_bytes,
        " bytes before compression, the most that readers accept"));
  }
  return absl::OkStatus();
}

absl::Status StreamWriter::EndChunkImpl(ChunkType type, uint32_t field,
                                        uint32_t records) {
  DS_RETURN_IF_ERROR(CheckOrder(type, field, records));
  const size_t payload_start = chunk_start_ + kChunkHeaderSize;
  const size_t decoded_size =
      chunk_in_scratch_ ? scratch_.size() : out_.size() - payload_start;
  DS_RETURN_IF_ERROR(CheckLimits(type, field, records, decoded_size));
  ChunkHeader header;
  header.type = type;
  header.sequence = static_cast<uint32_t>(trailer_.chunks());
  header.field = field;
  header.records = records;
  header.decoded_size = static_cast<uint32_t>(decoded_size);
  if (chunk_in_scratch_) {
    size_t compressed_size = 0;
    if (ShouldCompress(decoded_size)) {
      DS_ASSIGN_OR_RETURN(compressed_size, CompressPayload());
    } else if (skip_compression_ > 0) {
      --skip_compression_;
    }
    if (compressed_size != 0) {
      header.codec = ChunkCodec::kZstd;
    } else {
      out_.Append(scratch_.view());
    }
  }
  const size_t stored_size = out_.size() - payload_start;
  header.stored_size = static_cast<uint32_t>(stored_size);
  header.payload_checksum =
      Checksum({out_.data() + payload_start, stored_size});
  EncodeChunkHeader(header, previous_checksum_, out_.data() + chunk_start_);
  previous_checksum_ = header.header_checksum;
  last_field_ = field;
  trailer_.set_chunks(trailer_.chunks() + 1);
  trailer_.set_records(trailer_.records() + records);
  trailer_.set_decoded_bytes(trailer_.decoded_bytes() + decoded_size);
  trailer_.set_stored_bytes(trailer_.stored_bytes() + stored_size);
  return out_.size() >= kFlushSize ? Flush() : absl::OkStatus();
}

absl::Status StreamWriter::Flush() {
  DS_RETURN_IF_ERROR(sink_->Write(out_.view()));
  bytes_written_ += out_.size();
  out_.clear();
  return absl::OkStatus();
}

absl::Status StreamWriter::Finish() {
  DS_RETURN_IF_ERROR(status_);
  if (stage_ != Stage::kChunks || trailer_.chunks() == 0) {
    return status_ = absl::FailedPreconditionError(
               stage_ == Stage::kFinished ? "Finish() twice"
                                          : "Finish() before the root chunk");
  }
  stage_ = Stage::kFinished;
  trailer_.set_digest(previous_checksum_);
  const std::string message = trailer_.SerializeAsString();
  ChunkHeader header;
  header.type = ChunkType::kTrailer;
  header.sequence = static_cast<uint32_t>(trailer_.chunks());
  header.stored_size = header.decoded_size =
      static_cast<uint32_t>(message.size());
  header.payload_checksum = Checksum(message);
  EncodeChunkHeader(header, previous_checksum_, out_.Extend(kChunkHeaderSize));
  out_.Append(message);
  return status_ = Flush();
}

}  // namespace devstate
