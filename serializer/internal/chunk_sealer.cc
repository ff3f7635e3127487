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

}  // namespace

bool ChunkSealer::MayCompress(size_t size, size_t ahead) const {
  switch (compression_.mode) {
    case Compression::Mode::kRaw:
      return false;
    case Compression::Mode::kZstd:
      return size > 0;
    case Compression::Mode::kAutomatic:
      return size >= kMinAutomaticSize && skip_compression_ <= ahead;
  }
  return false;
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
  const size_t start = out.size();
  out.Extend(kChunkHeaderSize);
  out.Append(compressed ? frame : payload);
  header.codec = compressed ? ChunkCodec::kZstd : ChunkCodec::kRaw;
  header.decoded_size = static_cast<uint32_t>(payload.size());
  PutHeader(header, start, out);
}

void ChunkSealer::SealInPlace(ChunkHeader header, size_t start,
                              ByteBuffer& out) {
  header.codec = ChunkCodec::kRaw;
  header.decoded_size =
      static_cast<uint32_t>(out.size() - start - kChunkHeaderSize);
  PutHeader(header, start, out);
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

void ChunkSealer::PutHeader(ChunkHeader& header, size_t start,
                            ByteBuffer& out) {
  const size_t payload_start = start + kChunkHeaderSize;
  const size_t stored_size = out.size() - payload_start;
  header.stored_size = static_cast<uint32_t>(stored_size);
  header.payload_checksum = Checksum({out.data() + payload_start, stored_size});
  EncodeChunkHeader(header, digest_, out.data() + start);
  digest_ = header.header_checksum;
  decoded_bytes_ += header.decoded_size;
  stored_bytes_ += stored_size;
}

}  // namespace devstate
