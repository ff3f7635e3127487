// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/journal_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/types/optional.h"
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
          detail->reason == ERROR_REASON_CHECKSUM ||
          // The room ahead of a mapped journal, after its last round.
          detail->reason == ERROR_REASON_TRAILING_BYTES);
}

// Returns a final mark in place of `mark`, the last chunk that `reader` has
// read, and the trailer after it.
std::string EndInsteadOf(ChunkHeader mark, const StreamReader& reader) {
  std::string end(kChunkHeaderSize, '\0');
  mark.type = ChunkType::kFinal;
  EncodeChunkHeader(mark, reader.chain_before(), &end[0]);
  StreamTrailer trailer;
  trailer.chunks = reader.chunks();
  trailer.records = reader.records();
  trailer.decoded_bytes = reader.decoded_bytes();
  trailer.stored_bytes = reader.stored_bytes();
  trailer.digest = mark.header_checksum;
  trailer.rounds = reader.rounds();
  const std::string message = Serialize(trailer);
  ChunkHeader header;
  header.type = ChunkType::kTrailer;
  header.sequence = mark.sequence + 1;
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
  DS_ASSIGN_OR_RETURN(source->bytes_, open());
  DS_RETURN_IF_ERROR(source->FindEnd(source->bytes_.get(), limits));
  DS_ASSIGN_OR_RETURN(source->bytes_, open());
  return source;
}

absl::Status JournalSource::FindEnd(ByteSource* bytes, const Limits& limits) {
  StreamReader reader(bytes, limits, Rounds::kTake);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  while (true) {
    const absl::StatusOr<absl::optional<Chunk>> chunk = reader.NextChunk();
    if (!chunk.ok()) {
      if (rounds_ == 0 || !IsTorn(chunk.status())) return chunk.status();
      dropped_ = chunk.status();
      return absl::OkStatus();
    }
    if (!chunk->has_value()) {
      rest_ = reader.offset();
      end_.clear();
      rounds_ = static_cast<uint32_t>(reader.rounds().size());
      return absl::OkStatus();
    }
    const ChunkHeader& header = reader.chunk_header();
    if (header.type == ChunkType::kRoundComplete ||
        header.type == ChunkType::kFinal) {
      rest_ = (*chunk)->offset;
      end_ = EndInsteadOf(header, reader);
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
