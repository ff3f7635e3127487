// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_format.h"

#include <cstring>

#include "devstate/serializer/internal/little_endian.h"

// For XXH3_state_t, which is on the stack here.
#define XXH_STATIC_LINKING_ONLY
#if defined(__x86_64__)
// Chooses the widest vectors that the processor has.
#include "xxh_x86dispatch.h"
#else
#include "xxhash.h"
#endif

namespace devstate {
namespace {

constexpr size_t kPrefixChecksumOffset = kPrefixSize - sizeof(uint64_t);
constexpr size_t kChunkChecksumOffset = kChunkHeaderSize - sizeof(uint64_t);

}  // namespace

void EncodePrefix(StreamPrefix& prefix, char* out) {
  std::memcpy(out, kStreamMagic.data(), kStreamMagic.size());
  StoreLittleEndian<uint16_t>(out + 8, prefix.format_version);
  StoreLittleEndian<uint16_t>(out + 10, prefix.reserved);
  StoreLittleEndian<uint32_t>(out + 12, prefix.header_size);
  StoreLittleEndian<uint64_t>(out + 16, prefix.header_checksum);
  prefix.prefix_checksum = ComputePrefixChecksum(out);
  StoreLittleEndian<uint64_t>(out + kPrefixChecksumOffset,
                              prefix.prefix_checksum);
}

StreamPrefix DecodePrefix(const char* in) {
  StreamPrefix prefix;
  prefix.format_version = LoadLittleEndian<uint16_t>(in + 8);
  prefix.reserved = LoadLittleEndian<uint16_t>(in + 10);
  prefix.header_size = LoadLittleEndian<uint32_t>(in + 12);
  prefix.header_checksum = LoadLittleEndian<uint64_t>(in + 16);
  prefix.prefix_checksum =
      LoadLittleEndian<uint64_t>(in + kPrefixChecksumOffset);
  return prefix;
}

uint64_t ComputePrefixChecksum(const char* in) {
  return XXH3_64bits(in, kPrefixChecksumOffset);
}

void EncodeChunkHeader(ChunkHeader& header, uint64_t previous_checksum,
                       char* out) {
  out[0] = static_cast<char>(header.type);
  out[1] = static_cast<char>(header.codec);
  StoreLittleEndian<uint16_t>(out + 2, header.flags);
  StoreLittleEndian<uint32_t>(out + 4, header.sequence);
  StoreLittleEndian<uint32_t>(out + 8, header.field);
  StoreLittleEndian<uint32_t>(out + 12, header.records);
  StoreLittleEndian<uint32_t>(out + 16, header.stored_size);
  StoreLittleEndian<uint32_t>(out + 20, header.decoded_size);
  StoreLittleEndian<uint64_t>(out + 24, header.payload_checksum);
  header.header_checksum = ComputeChunkHeaderChecksum(out, previous_checksum);
  StoreLittleEndian<uint64_t>(out + kChunkChecksumOffset,
                              header.header_checksum);
}

ChunkHeader DecodeChunkHeader(const char* in) {
  ChunkHeader header;
  header.type = static_cast<ChunkType>(in[0]);
  header.codec = static_cast<ChunkCodec>(in[1]);
  header.flags = LoadLittleEndian<uint16_t>(in + 2);
  header.sequence = LoadLittleEndian<uint32_t>(in + 4);
  header.field = LoadLittleEndian<uint32_t>(in + 8);
  header.records = LoadLittleEndian<uint32_t>(in + 12);
  header.stored_size = LoadLittleEndian<uint32_t>(in + 16);
  header.decoded_size = LoadLittleEndian<uint32_t>(in + 20);
  header.payload_checksum = LoadLittleEndian<uint64_t>(in + 24);
  header.header_checksum =
      LoadLittleEndian<uint64_t>(in + kChunkChecksumOffset);
  return header;
}

uint64_t ComputeChunkHeaderChecksum(const char* in,
                                    uint64_t previous_checksum) {
  return XXH3_64bits_withSeed(in, kChunkChecksumOffset, previous_checksum);
}

uint64_t Checksum(absl::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t ChecksumOfParts(absl::Span<const absl::string_view> parts) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset(&state);
  for (const absl::string_view part : parts) {
    XXH3_64bits_update(&state, part.data(), part.size());
  }
  return XXH3_64bits_digest(&state);
}

}  // namespace devstate
