// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/internal/chunk_sealer.h"

#include <algorithm>

#include "devstate/serializer/limits.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {
namespace {

constexpr size_t kMinAutomaticSize = 4096;
constexpr uint32_t kMaxSkip = 16;

// The part of what was stored before that is stored raw after it. More would
// cost a slow channel more time than compression takes.
constexpr uint64_t kMaxLatePart = 4;

// Makes `header` that of a chunk with this payload, as stored.
void SetPayload(absl::string_view stored, ChunkHeader& header) {
  header.stored_size = static_cast<uint32_t>(stored.size());
  header.payload_checksum = Checksum(stored);
}

}  // namespace

bool ChunkSealer::MayCompress(size_t size, size_t ahead) const {
  switch (compression_.mode) {
    case Compression::Mode::kRaw:
      return false;
    case Compression::Mode::kZstd:
      return size > 0;
    case Compression::Mode::kAutomatic:
      return size >= kMinAutomaticSize && skip_compression_ <= ahead &&
             !IsShortOfTime(size);
  }
  return false;
}

bool ChunkSealer::IsShortOfTime(size_t size) const {
  return ready_bytes_ > 0 && late_bytes_ + size <= ready_bytes_ / kMaxLatePart;
}

absl::Status ChunkSealer::Compress(absl::string_view payload,
                                   Compressor& compressor,
                                   ByteBuffer& frame) const {
  frame.ResizeUninitialized(Compressor::Bound(payload.size()));
  DS_ASSIGN_OR_RETURN(const size_t size,
                      compressor.Compress(payload, compression_.level,
                                          frame.data(), frame.size()));
  frame.ResizeUninitialized(size);
  return absl::OkStatus();
}

void ChunkSealer::Seal(ChunkHeader header, absl::string_view payload,
                       absl::string_view frame, ByteBuffer& out) {
  bool compressed = false;
  if (MayCompress(payload.size())) {
    compressed = ChooseFrame(payload.size(), frame.size());
  } else if (skip_compression_ > 0) {
    --skip_compression_;
  }
  if (ready_bytes_ > 0 && !compressed) late_bytes_ += payload.size();
  const size_t start = out.size();
  out.Extend(kChunkHeaderSize);
  out.Append(compressed ? frame : payload);
  header.codec = compressed ? ChunkCodec::kZstd : ChunkCodec::kRaw;
  header.decoded_size = static_cast<uint32_t>(payload.size());
  PutHeader(header, start, out);
}

void ChunkSealer::SealInPlace(ChunkHeader header, size_t start,
                              const MessageWriter::Apart& apart,
                              ByteBuffer& out) {
  const absl::string_view payload = out.view().substr(start + kChunkHeaderSize);
  header.codec = ChunkCodec::kRaw;
  header.stored_size = header.decoded_size =
      static_cast<uint32_t>(payload.size() + apart.bytes.size());
  if (apart.bytes.empty()) {
    header.payload_checksum = Checksum(payload);
  } else {
    const size_t before = apart.position - start - kChunkHeaderSize;
    header.payload_checksum = ChecksumOfParts(
        {payload.substr(0, before), apart.bytes, payload.substr(before)});
  }
  Chain(header, out.data() + start);
}

bool ChunkSealer::ChooseFrame(size_t payload_size, size_t frame_size) {
  const bool smaller = frame_size < payload_size;
  if (smaller && ExpandsTooMuch(payload_size, frame_size)) return false;
  // Skip further and further ahead while nothing shrinks.
  next_skip_ = smaller ? 1 : std::min(next_skip_ * 2, kMaxSkip);
  skip_compression_ = smaller ? 0 : next_skip_;
  return smaller;
}

// A state of zeros can shrink to what readers take for a decompression bomb.
bool ChunkSealer::ExpandsTooMuch(size_t decoded_size,
                                 size_t stored_size) const {
  return Expansion(decoded_bytes_ + decoded_size, stored_bytes_ + stored_size) >
         max_expansion_;
}

absl::StatusOr<StoredChunk> ChunkSealer::Store(ChunkHeader header,
                                               absl::string_view payload,
                                               Compressor& compressor) const {
  StoredChunk chunk;
  chunk.bytes.Extend(kChunkHeaderSize);
  ByteBuffer frame;
  if (MayCompress(payload.size())) {
    DS_RETURN_IF_ERROR(Compress(payload, compressor, frame));
  }
  const bool compressed = !frame.empty() && frame.size() < payload.size() &&
                          payload.size() / frame.size() < max_expansion_;
  header.codec = compressed ? ChunkCodec::kZstd : ChunkCodec::kRaw;
  header.decoded_size = static_cast<uint32_t>(payload.size());
  const absl::string_view stored = compressed ? frame.view() : payload;
  chunk.bytes.Append(stored);
  SetPayload(stored, header);
  chunk.header = header;
  return chunk;
}

void ChunkSealer::SealStored(uint32_t sequence, StoredChunk& chunk) {
  chunk.header.sequence = sequence;
  ready_bytes_ += chunk.header.stored_size;
  Chain(chunk.header, chunk.bytes.data());
}

void ChunkSealer::PutHeader(ChunkHeader& header, size_t start,
                            ByteBuffer& out) {
  const size_t payload_start = start + kChunkHeaderSize;
  SetPayload({out.data() + payload_start, out.size() - payload_start}, header);
  Chain(header, out.data() + start);
}

void ChunkSealer::Chain(ChunkHeader& header, char* out) {
  EncodeChunkHeader(header, digest_, out);
  digest_ = header.header_checksum;
  decoded_bytes_ += header.decoded_size;
  stored_bytes_ += header.stored_size;
}

}  // namespace devstate
