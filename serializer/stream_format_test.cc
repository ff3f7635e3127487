// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/stream_format.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "xxhash.h"

namespace devstate {
namespace {

TEST(StreamFormat, TheMagicIsFrozen) {
  EXPECT_EQ(absl::BytesToHexString(kStreamMagic), "d564657673740d0a");
  EXPECT_EQ(kFormatVersion, 1);
}

TEST(StreamFormat, TheMagicIsNoTextAndShowsNewlineConversion) {
  EXPECT_GE(static_cast<unsigned char>(kStreamMagic[0]), 0x80);
  EXPECT_EQ(kStreamMagic.substr(6), "\r\n");
}

TEST(StreamFormat, SizesAreFrozen) {
  EXPECT_EQ(kPrefixSize, 32u);
  EXPECT_EQ(kChunkHeaderSize, 40u);
}

TEST(StreamFormat, NumbersOfTypesCodecsAndFlagsAreFrozen) {
  EXPECT_EQ(static_cast<int>(ChunkType::kRoot), 1);
  EXPECT_EQ(static_cast<int>(ChunkType::kBatch), 2);
  EXPECT_EQ(static_cast<int>(ChunkType::kTrailer), 3);
  EXPECT_EQ(static_cast<int>(ChunkCodec::kRaw), 0);
  EXPECT_EQ(static_cast<int>(ChunkCodec::kZstd), 1);
  EXPECT_EQ(kChunkFlagIgnorable, 1);
}

TEST(StreamFormat, ChecksumIsXxh3With64Bits) {
  // The value that xxHash's own documentation gives for no bytes.
  EXPECT_EQ(Checksum(""), 0x2d06800538d394c2u);
  EXPECT_EQ(Checksum("devstate"), XXH3_64bits("devstate", 8));
  const std::string large(100000, 'x');
  EXPECT_EQ(Checksum(large), XXH3_64bits(large.data(), large.size()));
}

TEST(StreamFormat, ChecksumOfPartsIsThatOfTheWhole) {
  std::string whole(3000, 'x');
  whole[1000] = 'y';
  const absl::string_view view = whole;
  for (const size_t first : {0u, 1u, 240u, 2999u}) {
    EXPECT_EQ(ChecksumOfParts({view.substr(0, first), view.substr(first)}),
              Checksum(view));
  }
  EXPECT_EQ(ChecksumOfParts({}), Checksum(""));
}

TEST(StreamFormat, PrefixHasThisLayout) {
  StreamPrefix prefix;
  prefix.header_size = 0x04030201;
  prefix.header_checksum = 0x1817161514131211;
  std::string bytes(kPrefixSize, '\xee');
  EncodePrefix(prefix, &bytes[0]);
  EXPECT_EQ(absl::BytesToHexString(bytes.substr(0, 24)),
            "d564657673740d0a"    // magic
            "0100"                // format version
            "0000"                // reserved
            "01020304"            // header size
            "1112131415161718");  // header checksum
  EXPECT_EQ(prefix.prefix_checksum, XXH3_64bits(bytes.data(), 24));
  EXPECT_EQ(ComputePrefixChecksum(bytes.data()), prefix.prefix_checksum);

  const StreamPrefix decoded = DecodePrefix(bytes.data());
  EXPECT_EQ(decoded.format_version, kFormatVersion);
  EXPECT_EQ(decoded.reserved, 0);
  EXPECT_EQ(decoded.header_size, prefix.header_size);
  EXPECT_EQ(decoded.header_checksum, prefix.header_checksum);
  EXPECT_EQ(decoded.prefix_checksum, prefix.prefix_checksum);
}

TEST(StreamFormat, ChunkHeaderHasThisLayout) {
  ChunkHeader header;
  header.type = ChunkType::kBatch;
  header.codec = ChunkCodec::kZstd;
  header.flags = 0x0201;
  header.sequence = 0x14131211;
  header.field = 0x24232221;
  header.records = 0x34333231;
  header.stored_size = 0x44434241;
  header.decoded_size = 0x54535251;
  header.payload_checksum = 0x6867666564636261;
  std::string bytes(kChunkHeaderSize, '\xee');
  EncodeChunkHeader(header, 0xabcdef, &bytes[0]);
  EXPECT_EQ(absl::BytesToHexString(bytes.substr(0, 32)),
            "02"                  // type
            "01"                  // codec
            "0102"                // flags
            "11121314"            // sequence
            "21222324"            // field
            "31323334"            // records
            "41424344"            // stored size
            "51525354"            // decoded size
            "6162636465666768");  // payload checksum
  EXPECT_EQ(header.header_checksum,
            XXH3_64bits_withSeed(bytes.data(), 32, 0xabcdef));
  EXPECT_EQ(ComputeChunkHeaderChecksum(bytes.data(), 0xabcdef),
            header.header_checksum);

  const ChunkHeader decoded = DecodeChunkHeader(bytes.data());
  EXPECT_EQ(decoded.type, header.type);
  EXPECT_EQ(decoded.codec, header.codec);
  EXPECT_EQ(decoded.flags, header.flags);
  EXPECT_EQ(decoded.sequence, header.sequence);
  EXPECT_EQ(decoded.field, header.field);
  EXPECT_EQ(decoded.records, header.records);
  EXPECT_EQ(decoded.stored_size, header.stored_size);
  EXPECT_EQ(decoded.decoded_size, header.decoded_size);
  EXPECT_EQ(decoded.payload_checksum, header.payload_checksum);
  EXPECT_EQ(decoded.header_checksum, header.header_checksum);
}

TEST(StreamFormat, ChunkHeaderChecksumDependsOnTheOneBefore) {
  ChunkHeader header;
  std::string bytes(kChunkHeaderSize, '\0');
  EncodeChunkHeader(header, 1, &bytes[0]);
  EXPECT_NE(ComputeChunkHeaderChecksum(bytes.data(), 2),
            header.header_checksum);
}

}  // namespace
}  // namespace devstate
