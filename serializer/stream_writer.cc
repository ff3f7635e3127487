// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Nothing is handed to the sink before it is checked against the limits of
// readers, so that a stream which readers would refuse fails where it is
// written. With raw chunks the payload is built in place, after room for its
// header. Otherwise it is built apart, because compression copies it anyway.

#include "devstate/serializer/stream_writer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "devstate/serializer/internal/sealing_queue.h"
#include "devstate/serializer/stored_chunk.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Enough for one write to fill a good part of a 1 MiB pipe, little enough to
// stay in the second-level cache together with the current chunk.
constexpr size_t kFlushSize = 64 * 1024;

// Below the first, starting a thread costs more than it can save; below the
// second, handing a chunk over costs more than compressing it.
constexpr uint64_t kMinBytesBeforeThread = 256 * 1024;
constexpr size_t kMinChunkForThread = 16 * 1024;

// From this size on, a copy of a stored chunk costs more than a write of it.
constexpr size_t kMinDirectWrite = 8 * 1024;

}  // namespace

StreamHeader MakeHeader(const SchemaInfo& schema,
                        const WriterOptions& options) {
  StreamHeader header;
  header.device = std::string(schema.device);
  header.schema = std::string(schema.schema);
  header.schema_version = schema.version;
  header.min_reader = schema.min_reader;
  header.root_message = std::string(schema.root_message);
  header.writer = options.implementation;
  if (options.used_features.has_value()) {
    header.used_features = *options.used_features;
  }
  header.fingerprint = std::string(schema.fingerprint);
  if (options.embed_descriptor_set) {
    header.descriptor_set = std::string(schema.descriptor_set);
  }
  header.instance = options.instance;
  return header;
}

StreamWriter::StreamWriter(ByteSink* sink, WriterOptions options)
    : sink_(sink),
      options_(std::move(options)),
      sealer_(options_.compression, options_.limits.max_expansion),
      may_start_thread_(options_.use_second_thread) {}

StreamWriter::~StreamWriter() = default;

absl::Status StreamWriter::WriteHeader(StreamHeader header) {
  DS_RETURN_IF_ERROR(status_);
  if (stage_ != Stage::kHeader) {
    return status_ = absl::FailedPreconditionError("WriteHeader() twice");
  }
  stage_ = Stage::kChunks;
  std::string message = Serialize(header);
  if (message.size() > options_.limits.max_header_bytes) {
    header.descriptor_set.clear();
    message = Serialize(header);
  }
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
  sealer_.Start(prefix.prefix_checksum);
  return absl::OkStatus();
}

bool StreamWriter::MayCompressNext() {
  if (options_.compression.mode != Compression::Mode::kAutomatic) {
    return options_.compression.mode != Compression::Mode::kRaw;
  }
  // As long as the sink has got nothing there is nothing to go by.
  if (bytes_written_ == 0) return true;
  const absl::optional<uint64_t> waiting = sink_->Waiting();
  if (!waiting.has_value()) return true;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return choice_.Compresses({std::chrono::nanoseconds(now).count(),
                             std::chrono::nanoseconds(writing_).count(),
                             trailer_.decoded_bytes, bytes_written_,
                             std::min(*waiting, bytes_written_)});
}

MessageWriter* StreamWriter::BeginChunk() {
  chunk_in_scratch_ = MayCompressNext();
  payload_.set_column_options(
      {options_.plain_columns, chunk_in_scratch_, !chunk_in_scratch_});
  if (chunk_in_scratch_) {
    scratch_.clear();
  } else {
    // What is raw is built after all that comes before it.
    if (queue_ != nullptr && status_.ok()) status_ = Drain();
    chunk_start_ = out_.size();
    out_.Extend(kChunkHeaderSize);
  }
  payload_.set_out(chunk_in_scratch_ ? &scratch_ : &out_);
  return &payload_;
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
  const bool has_records = HasRecords(type);
  if (!IsKnown(type) || type == ChunkType::kTrailer ||
      has_records != (records != 0) ||
      (has_records || IsRoundMark(type)) != (field != 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat("a chunk of type ", static_cast<int>(type), " with field ",
                     field, " and ", records, " records"));
  }
  const std::string fault = order_.Fault(type, field);
  if (fault.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("chunk ", trailer_.chunks, ": ", fault));
}

absl::Status StreamWriter::CheckLimits(ChunkType type, uint32_t field,
                                       uint32_t records,
                                       size_t decoded_size) const {
  if (decoded_size > options_.limits.max_chunk_decoded_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "chunk ", trailer_.chunks, ": ",
        type == ChunkType::kRoot
            ? std::string("the singular fields of the root message take ")
            : absl::StrCat("a batch of ", records, " records of field ", field,
                           " takes "),
        decoded_size, " bytes and a chunk holds at most ",
        options_.limits.max_chunk_decoded_bytes,
        ": move large data into a repeated record field, or split its values"));
  }
  if (trailer_.chunks >= options_.limits.max_chunks) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the state takes more than ", options_.limits.max_chunks,
                     " chunks: use larger batches"));
  }
  if (records > options_.limits.max_chunk_records) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a batch of ", records, " records of field ", field,
        " is more than readers accept, ", options_.limits.max_chunk_records));
  }
  if (IsRoundMark(type) && field > options_.limits.max_rounds) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the state has more than ", options_.limits.max_rounds,
                     " rounds, the most that readers accept: begin again with "
                     "the whole state, for a journal start a new generation"));
  }
  if (records > options_.limits.max_records - trailer_.records) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the state has more than ", options_.limits.max_records,
                     " records, the most that readers accept"));
  }
  if (decoded_size >
      options_.limits.max_decoded_bytes - trailer_.decoded_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the state takes more than ", options_.limits.max_decoded_bytes,
        " bytes before compression, the most that readers accept"));
  }
  return absl::OkStatus();
}

absl::Status StreamWriter::EndChunkImpl(ChunkType type, uint32_t field,
                                        uint32_t records) {
  DS_RETURN_IF_ERROR(CheckOrder(type, field, records));
  const MessageWriter::Apart& apart = payload_.apart();
  const size_t decoded_size =
      chunk_in_scratch_
          ? scratch_.size()
          : out_.size() - chunk_start_ - kChunkHeaderSize + apart.bytes.size();
  DS_RETURN_IF_ERROR(CheckLimits(type, field, records, decoded_size));
  ChunkHeader header;
  header.type = type;
  header.sequence = static_cast<uint32_t>(trailer_.chunks);
  header.field = field;
  header.records = records;
  if (!chunk_in_scratch_) {
    sealer_.SealInPlace(header, chunk_start_, apart, out_);
  } else {
    DS_ASSIGN_OR_RETURN(const bool queue, HasQueue(decoded_size));
    DS_RETURN_IF_ERROR(queue ? queue_->Add(header, scratch_, out_)
                             : SealHere(header));
  }
  Count(header, decoded_size);
  if (type == ChunkType::kRoundComplete) {
    // The time until the next round is not that of the channel.
    choice_ = ChannelChoice();
    return Drain();
  }
  if (!apart.bytes.empty()) return FlushAround(apart);
  return out_.size() >= kFlushSize ? Flush() : absl::OkStatus();
}

void StreamWriter::Count(const ChunkHeader& header, size_t decoded_size) {
  order_.Add(header.type, header.field, header.records);
  ++trailer_.chunks;
  trailer_.records += header.records;
  trailer_.decoded_bytes += decoded_size;
}

absl::Status StreamWriter::AddStored(StoredChunk& chunk) {
  if (status_.ok()) status_ = AddStoredImpl(chunk);
  return status_;
}

absl::Status StreamWriter::AddStoredImpl(StoredChunk& chunk) {
  const ChunkHeader& header = chunk.header;
  DS_RETURN_IF_ERROR(CheckOrder(header.type, header.field, header.records));
  DS_RETURN_IF_ERROR(CheckLimits(header.type, header.field, header.records,
                                 header.decoded_size));
  if (queue_ != nullptr) DS_RETURN_IF_ERROR(Drain());
  may_start_thread_ = false;
  sealer_.SealStored(static_cast<uint32_t>(trailer_.chunks), chunk);
  Count(header, header.decoded_size);
  ++stored_chunks_;
  if (chunk.bytes.size() < kMinDirectWrite) {
    out_.Append(chunk.bytes.view());
    return out_.size() >= kFlushSize ? Flush() : absl::OkStatus();
  }
  if (!out_.empty()) DS_RETURN_IF_ERROR(Flush());
  return WriteOut(chunk.bytes.view());
}

absl::Status StreamWriter::Drain() {
  if (queue_ != nullptr) {
    if (!out_.empty()) DS_RETURN_IF_ERROR(Flush());
    const absl::Status status = queue_->Finish(out_);
    queue_ = nullptr;
    may_start_thread_ = options_.use_second_thread;
    DS_RETURN_IF_ERROR(status);
  }
  return Flush();
}

absl::StatusOr<bool> StreamWriter::HasQueue(size_t decoded_size) {
  if (may_start_thread_ && decoded_size >= kMinChunkForThread &&
      trailer_.decoded_bytes >= kMinBytesBeforeThread) {
    may_start_thread_ = false;
    if (!out_.empty()) DS_RETURN_IF_ERROR(Flush());
    queue_ = SealingQueue::Start(&sealer_, &compressor_, kFlushSize);
  }
  return queue_ != nullptr;
}

absl::Status StreamWriter::SealHere(const ChunkHeader& header) {
  frame_.clear();
  if (sealer_.MayCompress(scratch_.size())) {
    DS_RETURN_IF_ERROR(sealer_.Compress(scratch_.view(), compressor_, frame_));
  }
  sealer_.Seal(header, scratch_.view(), frame_.view(), out_);
  return absl::OkStatus();
}

absl::Status StreamWriter::FlushAround(const MessageWriter::Apart& apart) {
  DS_RETURN_IF_ERROR(WriteOut(out_.view().substr(0, apart.position)));
  DS_RETURN_IF_ERROR(WriteOut(apart.bytes));
  if (apart.position < out_.size()) {
    DS_RETURN_IF_ERROR(WriteOut(out_.view().substr(apart.position)));
  }
  out_.clear();
  return absl::OkStatus();
}

absl::Status StreamWriter::Flush() {
  DS_RETURN_IF_ERROR(WriteOut(out_.view()));
  out_.clear();
  return absl::OkStatus();
}

absl::Status StreamWriter::WriteOut(absl::string_view bytes) {
  const auto start = std::chrono::steady_clock::now();
  DS_RETURN_IF_ERROR(sink_->Write(bytes));
  writing_ += std::chrono::steady_clock::now() - start;
  bytes_written_ += bytes.size();
  return absl::OkStatus();
}

absl::Status StreamWriter::Finish() {
  DS_RETURN_IF_ERROR(status_);
  if (stage_ != Stage::kChunks || trailer_.chunks == 0) {
    return status_ = absl::FailedPreconditionError(
               stage_ == Stage::kFinished ? "Finish() twice"
                                          : "Finish() before the root chunk");
  }
  if (const std::string fault = order_.Fault(ChunkType::kTrailer, 0);
      !fault.empty()) {
    return status_ = absl::FailedPreconditionError(fault);
  }
  stage_ = Stage::kFinished;
  if (queue_ != nullptr) {
    status_ = queue_->Finish(out_);
    queue_ = nullptr;
    DS_RETURN_IF_ERROR(status_);
  }
  trailer_.stored_bytes = sealer_.stored_bytes();
  trailer_.digest = sealer_.digest();
  trailer_.rounds = order_.rounds();
  const std::string message = Serialize(trailer_);
  const uint32_t max_bytes = std::min(options_.limits.max_chunk_stored_bytes,
                                      options_.limits.max_chunk_decoded_bytes);
  if (message.size() > max_bytes) {
    return status_ = absl::ResourceExhaustedError(absl::StrCat(
               "the trailer of ", trailer_.rounds.size(), " rounds would have ",
               message.size(), " bytes and readers accept ", max_bytes,
               ": save the state in fewer rounds"));
  }
  ChunkHeader header;
  header.type = ChunkType::kTrailer;
  header.sequence = static_cast<uint32_t>(trailer_.chunks);
  header.stored_size = header.decoded_size =
      static_cast<uint32_t>(message.size());
  header.payload_checksum = Checksum(message);
  EncodeChunkHeader(header, sealer_.digest(), out_.Extend(kChunkHeaderSize));
  out_.Append(message);
  return status_ = Flush();
}

}  // namespace devstate
