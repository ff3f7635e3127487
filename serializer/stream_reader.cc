// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The checks stand in the order of docs/stream_format.md, each in a function of
// its own. A size is checked before memory is taken for it, a checksum before
// the bytes that it covers are used.

#include "devstate/serializer/stream_reader.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/serializer/push_source.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// How much to ask the source for at once. A small stream takes one call and a
// small buffer; of a large one, payload and next chunk header come together and
// nothing is left over that would have to be moved.
constexpr size_t kMinReadSize = 4096;

std::string ChecksumText(absl::string_view what, uint64_t stored,
                         uint64_t computed) {
  return absl::StrFormat(
      "%s checksum mismatch (stored 0x%016x, computed "
      "0x%016x)",
      what, stored, computed);
}

}  // namespace

StreamReader::StreamReader(ByteSource* source, const Limits& limits,
                           Rounds rounds)
    : source_(source), limits_(limits), rounds_(rounds) {}

absl::Status StreamReader::Error(ErrorReason reason,
                                 absl::string_view message) const {
  ErrorDetail detail = {reason, item_offset_};
  if (stage_ > Stage::kHeader) {
    detail.chunk = static_cast<uint32_t>(seen_.chunks);
  }
  return StreamError(detail, message);
}

absl::StatusOr<absl::string_view> StreamReader::Take(size_t size,
                                                     absl::string_view what) {
  if (begin_ == buffer_.size()) {
    const absl::string_view borrowed = source_->Borrow(size);
    if (!borrowed.empty()) {
      offset_ += size;
      return borrowed;
    }
  }
  if (buffer_.size() - begin_ < size) {
    // Move the rest to the front, then fill up.
    const size_t rest = buffer_.size() - begin_;
    if (begin_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, rest);
      buffer_.ResizeUninitialized(rest);
      begin_ = 0;
    }
    const size_t read_size = std::max(size + kChunkHeaderSize, kMinReadSize);
    buffer_.Reserve(read_size);
    while (buffer_.size() < size) {
      const size_t have = buffer_.size();
      const size_t room = read_size - have;
      DS_ASSIGN_OR_RETURN(const size_t got,
                          source_->Read(buffer_.data() + have, room));
      if (got == 0) {
        if (offset_ == 0 && have == 0) {
          return Error(
              ERROR_REASON_NO_TRAILER,
              "no trailer: the stream is empty, the writer has written "
              "no state");
        }
        return Error(
            ERROR_REASON_NO_TRAILER,
            absl::StrCat("no trailer: the stream ends after ", offset_ + have,
                         " bytes, where ", size - have, " more bytes of ", what,
                         " should follow; the writer was stopped or the stream "
                         "was cut, save it again"));
      }
      buffer_.ResizeUninitialized(have + got);
    }
  }
  const absl::string_view taken(buffer_.data() + begin_, size);
  begin_ += size;
  offset_ += size;
  return taken;
}

absl::Status StreamReader::Keep(absl::Status status) {
  if (!NeedsMoreBytes(status)) status_ = status;
  return status;
}

absl::StatusOr<const StreamHeader*> StreamReader::ReadHeader() {
  DS_RETURN_IF_ERROR(status_);
  if (stage_ > Stage::kHeader) {
    return Keep(absl::FailedPreconditionError("ReadHeader() twice"));
  }
  DS_RETURN_IF_ERROR(Keep(ReadHeaderImpl()));
  return &header_;
}

absl::Status StreamReader::ReadHeaderImpl() {
  if (stage_ == Stage::kPrefix) DS_RETURN_IF_ERROR(ReadPrefix());
  return ReadStreamHeader();
}

absl::Status StreamReader::ReadPrefix() {
  absl::StatusOr<absl::string_view> taken =
      Take(kPrefixSize, "the stream's prefix");
  // Something short that is no stream at all is not one without a trailer.
  const absl::string_view start =
      (taken.ok() ? *taken : buffer_.view()).substr(0, kStreamMagic.size());
  if ((taken.ok() || GetErrorDetail(taken.status()).has_value()) &&
      !absl::StartsWith(kStreamMagic, start)) {
    return Error(ERROR_REASON_NOT_A_STREAM,
                 absl::StrCat("not a devstate stream: it starts with \"",
                              absl::CHexEscape(start), "\", expected \"",
                              absl::CHexEscape(kStreamMagic), "\""));
  }
  DS_ASSIGN_OR_RETURN(const absl::string_view bytes, std::move(taken));
  prefix_ = DecodePrefix(bytes.data());
  const uint64_t computed = ComputePrefixChecksum(bytes.data());
  if (prefix_.prefix_checksum != computed) {
    return Error(ERROR_REASON_CHECKSUM,
                 ChecksumText("prefix", prefix_.prefix_checksum, computed));
  }
  if (prefix_.format_version != kFormatVersion || prefix_.reserved != 0) {
    return Error(ERROR_REASON_UNKNOWN_CONTENT,
                 absl::StrCat("stream format version ", prefix_.format_version,
                              " is newer than version ", kFormatVersion,
                              " of this reader: update the reader"));
  }
  if (prefix_.header_size > limits_.max_header_bytes) {
    return Error(ERROR_REASON_LIMIT,
                 absl::StrCat("the stream header has ", prefix_.header_size,
                              " bytes, more than max_header_bytes = ",
                              limits_.max_header_bytes));
  }
  item_offset_ = offset_;
  stage_ = Stage::kHeader;
  return absl::OkStatus();
}

absl::Status StreamReader::ReadStreamHeader() {
  DS_ASSIGN_OR_RETURN(const absl::string_view bytes,
                      Take(prefix_.header_size, "the stream header"));
  const uint64_t computed = Checksum(bytes);
  if (prefix_.header_checksum != computed) {
    return Error(ERROR_REASON_CHECKSUM,
                 ChecksumText("header", prefix_.header_checksum, computed));
  }
  if (!Parse(bytes, &header_)) {
    return Error(ERROR_REASON_MALFORMED,
                 "the stream header is not a StreamHeader message");
  }
  previous_checksum_ = prefix_.prefix_checksum;
  stage_ = Stage::kChunkHeader;
  return absl::OkStatus();
}

absl::Status StreamReader::CheckChunkHeader(const ChunkHeader& header) const {
  // The checksum holds, so a wrong sequence is a splice by somebody who
  // computed it anew.
  if (header.sequence != seen_.chunks) {
    return Error(ERROR_REASON_CHECKSUM,
                 absl::StrCat("chunk has sequence number ", header.sequence,
                              ", expected ", seen_.chunks));
  }
  if ((header.flags & ~kKnownChunkFlags) != 0) {
    return Error(ERROR_REASON_UNKNOWN_CONTENT,
                 absl::StrFormat("chunk has unknown flags 0x%04x: update the "
                                 "reader",
                                 header.flags & ~kKnownChunkFlags));
  }
  const bool ignorable = (header.flags & kChunkFlagIgnorable) != 0;
  const bool known_type = IsKnown(header.type);
  const bool mark = IsRoundMark(header.type);
  const bool records = HasRecords(header.type);
  if (!known_type && !ignorable) {
    return Error(
        ERROR_REASON_UNKNOWN_CONTENT,
        absl::StrCat("chunk is of unknown type ", static_cast<int>(header.type),
                     " and not marked ignorable: update the reader"));
  }
  if (rounds_ == Rounds::kRefuse &&
      (mark || (records && header.type != ChunkType::kBatch))) {
    return Error(ERROR_REASON_UNKNOWN_CONTENT,
                 "the state comes in rounds, which this reader does not take: "
                 "merge them with \"devstate merge\" first");
  }
  if (header.codec != ChunkCodec::kRaw && header.codec != ChunkCodec::kZstd) {
    return Error(
        ERROR_REASON_UNKNOWN_CONTENT,
        absl::StrCat("chunk has unknown codec ", static_cast<int>(header.codec),
                     ": update the reader"));
  }
  if (known_type && (records || mark) != (header.field != 0)) {
    return Error(ERROR_REASON_MALFORMED,
                 absl::StrCat("chunk of type ", static_cast<int>(header.type),
                              " has field number ", header.field));
  }
  if (known_type && records != (header.records != 0)) {
    return Error(ERROR_REASON_MALFORMED,
                 absl::StrCat("chunk of type ", static_cast<int>(header.type),
                              " has ", header.records, " records"));
  }
  if (ignorable && known_type && !records) {
    return Error(ERROR_REASON_MALFORMED,
                 absl::StrCat("chunk of type ", static_cast<int>(header.type),
                              " is marked ignorable"));
  }
  if (header.type == ChunkType::kTrailer && header.codec != ChunkCodec::kRaw) {
    return Error(ERROR_REASON_MALFORMED, "the trailer is compressed");
  }
  if (mark && (header.codec != ChunkCodec::kRaw || header.stored_size != 0)) {
    return Error(ERROR_REASON_MALFORMED, "the mark of a round has a payload");
  }
  if (header.codec == ChunkCodec::kRaw &&
      header.stored_size != header.decoded_size) {
    return Error(
        ERROR_REASON_MALFORMED,
        absl::StrCat("raw chunk has ", header.stored_size, " stored and ",
                     header.decoded_size, " decoded bytes"));
  }
  return absl::OkStatus();
}

absl::Status StreamReader::CheckLimits(const ChunkHeader& header) const {
  const auto check = [this](uint64_t value, uint64_t limit,
                            absl::string_view name) -> absl::Status {
    if (value <= limit) return absl::OkStatus();
    return Error(ERROR_REASON_LIMIT,
                 absl::StrCat(value, " is more than ", name, " = ", limit,
                              ": raise the limit if the source "
                              "of the stream is trusted"));
  };
  DS_RETURN_IF_ERROR(check(header.stored_size, limits_.max_chunk_stored_bytes,
                           "max_chunk_stored_bytes"));
  DS_RETURN_IF_ERROR(check(header.decoded_size, limits_.max_chunk_decoded_bytes,
                           "max_chunk_decoded_bytes"));
  DS_RETURN_IF_ERROR(
      check(header.records, limits_.max_chunk_records, "max_chunk_records"));
  DS_RETURN_IF_ERROR(check(seen_.records + header.records, limits_.max_records,
                           "max_records"));
  // The trailer counts neither itself nor its bytes, and these limits are about
  // what it counts.
  if (header.type == ChunkType::kTrailer) return absl::OkStatus();
  DS_RETURN_IF_ERROR(check(seen_.chunks + 1, limits_.max_chunks, "max_chunks"));
  if (IsRoundMark(header.type)) {
    DS_RETURN_IF_ERROR(check(header.field, limits_.max_rounds, "max_rounds"));
  }
  const uint64_t decoded = seen_.decoded_bytes + header.decoded_size;
  DS_RETURN_IF_ERROR(
      check(decoded, limits_.max_decoded_bytes, "max_decoded_bytes"));
  const uint64_t stored = seen_.stored_bytes + header.stored_size;
  return check(Expansion(decoded, stored), limits_.max_expansion,
               "max_expansion");
}

absl::Status StreamReader::CheckOrder(const ChunkHeader& header) const {
  const std::string fault = order_.Fault(header.type, header.field);
  if (fault.empty()) return absl::OkStatus();
  return Error(ERROR_REASON_MALFORMED, fault);
}

void StreamReader::Count(const ChunkHeader& header) {
  chain_before_ = previous_checksum_;
  previous_checksum_ = header.header_checksum;
  order_.Add(header.type, header.field, header.records);
  ++seen_.chunks;
  seen_.records += header.records;
  seen_.decoded_bytes += header.decoded_size;
  seen_.stored_bytes += header.stored_size;
}

absl::Status StreamReader::CheckTrailer(absl::string_view message) {
  StreamTrailer trailer;
  if (!Parse(message, &trailer)) {
    return Error(ERROR_REASON_MALFORMED,
                 "the trailer is not a StreamTrailer message");
  }
  const auto check = [this](uint64_t stored, uint64_t seen,
                            absl::string_view name) -> absl::Status {
    if (stored == seen) return absl::OkStatus();
    return Error(ERROR_REASON_CHECKSUM,
                 absl::StrCat("the trailer says ", name, " = ", stored,
                              ", read were ", seen));
  };
  DS_RETURN_IF_ERROR(check(trailer.chunks, seen_.chunks, "chunks"));
  DS_RETURN_IF_ERROR(check(trailer.records, seen_.records, "records"));
  DS_RETURN_IF_ERROR(
      check(trailer.decoded_bytes, seen_.decoded_bytes, "decoded_bytes"));
  DS_RETURN_IF_ERROR(
      check(trailer.stored_bytes, seen_.stored_bytes, "stored_bytes"));
  DS_RETURN_IF_ERROR(check(trailer.digest, seen_.digest, "digest"));
  DS_RETURN_IF_ERROR(check(trailer.rounds.size(), rounds().size(), "rounds"));
  for (size_t i = 0; i < trailer.rounds.size(); ++i) {
    const RoundCounts& said = trailer.rounds[i];
    const RoundCounts& seen = rounds()[i];
    DS_RETURN_IF_ERROR(check(said.chunks, seen.chunks, "chunks of a round"));
    DS_RETURN_IF_ERROR(
        check(said.written, seen.written, "records written in a round"));
    DS_RETURN_IF_ERROR(
        check(said.deleted, seen.deleted, "records deleted in a round"));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<Chunk>> StreamReader::NextChunk() {
  DS_RETURN_IF_ERROR(status_);
  absl::StatusOr<absl::optional<Chunk>> chunk = NextChunkImpl();
  Keep(chunk.status()).IgnoreError();
  return chunk;
}

absl::StatusOr<absl::optional<Chunk>> StreamReader::NextChunkImpl() {
  if (stage_ < Stage::kChunkHeader) {
    return absl::FailedPreconditionError("NextChunk() before ReadHeader()");
  }
  while (stage_ < Stage::kEnd) {
    if (stage_ == Stage::kChunkHeader) DS_RETURN_IF_ERROR(ReadChunkHeader());
    Chunk chunk;
    DS_ASSIGN_OR_RETURN(chunk.payload, ReadPayload());
    const ChunkHeader& header = chunk_header_;
    if (header.type == ChunkType::kTrailer) {
      seen_.digest = previous_checksum_;
      DS_RETURN_IF_ERROR(CheckTrailer(chunk.payload));
      stage_ = Stage::kEnd;
      continue;
    }
    Count(header);
    stage_ = Stage::kChunkHeader;
    if (!IsKnown(header.type)) continue;
    chunk.offset = item_offset_;
    chunk.header = {header.type, header.flags, header.sequence, header.field,
                    header.records};
    return absl::optional<Chunk>(chunk);
  }
  if (stage_ == Stage::kEnd) DS_RETURN_IF_ERROR(ReadEnd());
  return absl::optional<Chunk>();
}

absl::Status StreamReader::ReadChunkHeader() {
  item_offset_ = offset_;
  DS_ASSIGN_OR_RETURN(const absl::string_view bytes,
                      Take(kChunkHeaderSize, "a chunk header"));
  chunk_header_ = DecodeChunkHeader(bytes.data());
  const uint64_t computed =
      ComputeChunkHeaderChecksum(bytes.data(), previous_checksum_);
  if (chunk_header_.header_checksum != computed) {
    return Error(
        ERROR_REASON_CHECKSUM,
        ChecksumText("chunk header", chunk_header_.header_checksum, computed));
  }
  DS_RETURN_IF_ERROR(CheckChunkHeader(chunk_header_));
  DS_RETURN_IF_ERROR(CheckLimits(chunk_header_));
  DS_RETURN_IF_ERROR(CheckOrder(chunk_header_));
  stage_ = Stage::kPayload;
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> StreamReader::ReadPayload() {
  const ChunkHeader& header = chunk_header_;
  DS_ASSIGN_OR_RETURN(const absl::string_view bytes,
                      Take(header.stored_size, "a chunk's payload"));
  const uint64_t computed = Checksum(bytes);
  if (header.payload_checksum != computed) {
    return Error(ERROR_REASON_CHECKSUM,
                 ChecksumText("payload", header.payload_checksum, computed));
  }
  if (header.codec == ChunkCodec::kRaw) return bytes;
  decoded_.ResizeUninitialized(header.decoded_size);
  const absl::Status status =
      decompressor_.Decompress(bytes, decoded_.data(), header.decoded_size);
  if (!status.ok()) return Error(ERROR_REASON_MALFORMED, status.message());
  return decoded_.view();
}

absl::Status StreamReader::ReadEnd() {
  size_t trailing = buffer_.size() - begin_;
  if (trailing == 0) {
    char byte;
    DS_ASSIGN_OR_RETURN(trailing, source_->Read(&byte, 1));
  }
  if (trailing != 0) {
    item_offset_ = offset_;
    return Error(ERROR_REASON_TRAILING_BYTES, "bytes follow the trailer");
  }
  stage_ = Stage::kFinished;
  return absl::OkStatus();
}

}  // namespace devstate
