// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/journal_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// Returns whether a writer that was killed leaves a stream with this error.
bool IsTorn(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() &&
         (detail->reason == ERROR_REASON_NO_TRAILER ||
          detail->reason == ERROR_REASON_CHECKSUM);
}

// Returns whether a verified trailer is followed by bytes.
bool HasTrailingBytes(const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() && detail->reason == ERROR_REASON_TRAILING_BYTES;
}

// Returns whether all bytes from `offset` on are zeros, which a mapped journal
// has as room ahead.
absl::StatusOr<bool> HasZerosFrom(uint64_t offset, ByteSource& bytes) {
  char buffer[4096];
  for (uint64_t at = 0;;) {
    DS_ASSIGN_OR_RETURN(const size_t got, bytes.Read(buffer, sizeof(buffer)));
    if (got == 0) return true;
    const uint64_t skip =
        at < offset ? std::min<uint64_t>(offset - at, got) : 0;
    if (std::any_of(buffer + skip, buffer + got,
                    [](char byte) { return byte != 0; })) {
      return false;
    }
    at += got;
  }
}

// The mark of a complete round, and what a trailer after it says but for
// `digest` and `rounds`. Each round has one, and the rounds so far are many.
struct Mark {
  ChunkHeader header;
  uint64_t chain_before = 0;
  StreamTrailer counts;
};

// Returns the last chunk that `reader` has read, which is such a mark.
Mark LastMark(const StreamReader& reader) {
  Mark mark;
  mark.header = reader.chunk_header();
  mark.chain_before = reader.chain_before();
  mark.counts.chunks = reader.chunks();
  mark.counts.records = reader.records();
  mark.counts.decoded_bytes = reader.decoded_bytes();
  mark.counts.stored_bytes = reader.stored_bytes();
  return mark;
}

// Returns a final mark in place of `mark`, and the trailer after it.
std::string EndInsteadOf(Mark mark, absl::Span<const RoundCounts> rounds) {
  std::string end(kChunkHeaderSize, '\0');
  mark.header.type = ChunkType::kFinal;
  EncodeChunkHeader(mark.header, mark.chain_before, &end[0]);
  StreamTrailer& trailer = mark.counts;
  trailer.digest = mark.header.header_checksum;
  trailer.rounds.assign(rounds.begin(), rounds.end());
  const std::string message = Serialize(trailer);
  ChunkHeader header;
  header.type = ChunkType::kTrailer;
  header.sequence = mark.header.sequence + 1;
  header.stored_size = header.decoded_size =
      static_cast<uint32_t>(message.size());
  header.payload_checksum = Checksum(message);
  std::string encoded(kChunkHeaderSize, '\0');
  EncodeChunkHeader(header, trailer.digest, &encoded[0]);
  return end + encoded + message;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JournalSource>> JournalSource::Create(
    const Open& open, const Limits& limits) {
  std::unique_ptr<JournalSource> source(new JournalSource());
  DS_RETURN_IF_ERROR(source->FindEnd(open, limits));
  DS_ASSIGN_OR_RETURN(source->bytes_, open());
  return source;
}

absl::Status JournalSource::FindEnd(const Open& open, const Limits& limits) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> bytes, open());
  StreamReader reader(bytes.get(), limits, Rounds::kTake);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  Mark mark;
  while (true) {
    const absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    bool has_trailer = chunk.ok() && !chunk->has_value();
    if (HasTrailingBytes(chunk.status())) {
      DS_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> again, open());
      DS_ASSIGN_OR_RETURN(has_trailer, HasZerosFrom(reader.offset(), *again));
    }
    if (has_trailer) {
      rest_ = reader.offset();
      rounds_ = static_cast<uint32_t>(reader.rounds().size());
      return absl::OkStatus();
    }
    if (!chunk.ok()) {
      if (rounds_ == 0 || !IsTorn(chunk.status())) return chunk.status();
      dropped_ = chunk.status();
      end_ = EndInsteadOf(std::move(mark),
                          absl::MakeSpan(reader.rounds()).first(rounds_));
      return absl::OkStatus();
    }
    const ChunkHeader& header = reader.chunk_header();
    if (header.type == ChunkType::kRoundComplete ||
        header.type == ChunkType::kFinal) {
      rest_ = (*chunk)->offset;
      mark = LastMark(reader);
      rounds_ = header.field;
    }
  }
}

absl::StatusOr<size_t> JournalSource::Read(char* buffer, size_t size) {
  if (rest_ != 0) {
    size = static_cast<size_t>(std::min<uint64_t>(size, rest_));
    DS_ASSIGN_OR_RETURN(const size_t got, bytes_->Read(buffer, size));
    if (got == 0) {
      return absl::DataLossError("the journal was changed while it was read");
    }
    rest_ -= got;
    return got;
  }
  size = std::min(size, end_.size() - end_at_);
  std::memcpy(buffer, end_.data() + end_at_, size);
  end_at_ += size;
  return size;
}

}  // namespace devstate
