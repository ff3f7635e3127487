// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "fuzz/stream_parts.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate::fuzz {
namespace {

// More than a chunk of a corpus decodes to.
constexpr uint32_t kMaxDecoded = 1 << 20;
// The tag of StreamTrailer.digest, a fixed64.
constexpr char kDigestTag = 5 << 3 | kWireFixed64;

ChunkParts TakeChunk(absl::string_view* bytes) {
  ChunkParts chunk;
  chunk.header = DecodeChunkHeader(bytes->data());
  bytes->remove_prefix(kChunkHeaderSize);
  const absl::string_view stored = bytes->substr(0, chunk.header.stored_size);
  bytes->remove_prefix(stored.size());
  chunk.payload = std::string(stored);
  if (chunk.header.codec != ChunkCodec::kZstd) return chunk;
  std::string payload(std::min(chunk.header.decoded_size, kMaxDecoded), '\0');
  chunk.decoded =
      Decompressor().Decompress(stored, payload.data(), payload.size()).ok();
  if (chunk.decoded) chunk.payload = std::move(payload);
  return chunk;
}

// What the chunks before a trailer add up to.
struct Counts {
  StreamTrailer trailer;
  // Knows the rounds.
  ChunkOrder order;

  void Add(const ChunkHeader& header) {
    ++trailer.chunks;
    trailer.records += header.records;
    trailer.decoded_bytes += header.decoded_size;
    trailer.stored_bytes += header.stored_size;
    order.Add(header.type, header.field, header.records);
  }
};

std::string MakeTrailer(const Counts& counts, uint64_t digest) {
  StreamTrailer trailer = counts.trailer;
  trailer.digest = digest;
  trailer.rounds = counts.order.rounds();
  return Serialize(trailer);
}

// Returns where the digest's tag is if the payload begins as a trailer does,
// else the payload's size. Only varints come before it.
size_t FindDigest(absl::string_view trailer) {
  size_t at = 0;
  while (at < trailer.size() && (trailer[at] & 7) == kWireVarint) {
    ++at;
    while (at < trailer.size() && (trailer[at] & 0x80) != 0) ++at;
    ++at;
  }
  return at + 8 < trailer.size() && trailer[at] == kDigestTag ? at
                                                              : trailer.size();
}

std::string TrailerOf(const StreamParts& parts, const ChunkParts& chunk,
                      const Counts& counts, uint64_t digest) {
  if (parts.count) return MakeTrailer(counts, digest);
  std::string trailer = chunk.payload;
  if (const size_t at = FindDigest(trailer); at != trailer.size()) {
    StoreLittleEndian(&trailer[at + 1], digest);
  }
  return trailer;
}

}  // namespace

StreamParts TakeApart(absl::string_view bytes) {
  StreamParts parts;
  if (bytes.size() < kPrefixSize) {
    parts.rest = std::string(bytes);
    return parts;
  }
  parts.prefix = DecodePrefix(bytes.data());
  bytes.remove_prefix(kPrefixSize);
  parts.header = std::string(bytes.substr(0, parts.prefix.header_size));
  bytes.remove_prefix(parts.header.size());
  while (bytes.size() >= kChunkHeaderSize) {
    parts.chunks.push_back(TakeChunk(&bytes));
  }
  parts.rest = std::string(bytes);
  return parts;
}

std::string Seal(const StreamParts& parts) {
  StreamPrefix prefix = parts.prefix;
  prefix.header_size = static_cast<uint32_t>(parts.header.size());
  prefix.header_checksum = Checksum(parts.header);
  std::string stream(kPrefixSize, '\0');
  EncodePrefix(prefix, stream.data());
  stream += parts.header;
  uint64_t previous = prefix.prefix_checksum;
  Counts counts;
  Compressor compressor;
  for (const ChunkParts& chunk : parts.chunks) {
    std::string payload = chunk.header.type == ChunkType::kTrailer
                              ? TrailerOf(parts, chunk, counts, previous)
                              : chunk.payload;
    ChunkHeader header = chunk.header;
    header.sequence =
        static_cast<uint32_t>(counts.trailer.chunks) + chunk.sequence_error;
    if (chunk.decoded) {
      header.decoded_size = static_cast<uint32_t>(payload.size());
      if (header.codec == ChunkCodec::kZstd) {
        std::string frame(Compressor::Bound(payload.size()), '\0');
        const auto size = compressor.Compress(payload, /*level=*/1,
                                              frame.data(), frame.size());
        frame.resize(size.ok() ? *size : 0);
        payload = std::move(frame);
      }
    }
    header.decoded_size += chunk.decoded_size_error;
    header.stored_size =
        static_cast<uint32_t>(payload.size()) + chunk.stored_size_error;
    header.payload_checksum = Checksum(payload);
    char encoded[kChunkHeaderSize];
    EncodeChunkHeader(header, previous, encoded);
    previous = header.header_checksum;
    stream.append(encoded, kChunkHeaderSize);
    stream += payload;
    counts.Add(header);
  }
  return stream + parts.rest;
}

}  // namespace devstate::fuzz
