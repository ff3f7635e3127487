// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/containers/decompressor.h"
#include "devstate/foreign/containers/file_kind.h"
#include "devstate/foreign/containers/migration_file.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "zlib.h"
#include "zstd.h"

namespace devstate::testing {
namespace {

using ::testing::HasSubstr;

std::string Gzip(const std::string& plain) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(&out[0]);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(const std::string& plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(
      ZSTD_compress2(context, &out[0], out.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return out;
}

struct Format {
  FileKind kind;
  std::string (*compress)(const std::string& plain);
};
constexpr Format kFormats[] = {{FileKind::kGzip, Gzip},
                               {FileKind::kZstd, Zstd}};

absl::StatusOr<std::string> Read(FileKind kind, std::string compressed,
                                 size_t max_read = SIZE_MAX) {
  const std::shared_ptr<ByteSource> source = Decompressed(
      kind, std::make_shared<StringSource>(std::move(compressed), max_read));
  std::string content;
  char buffer[7];
  while (true) {
    const absl::StatusOr<size_t> got = source->Read(buffer, sizeof(buffer));
    if (!got.ok()) return got.status();
    if (*got == 0) return content;
    content.append(buffer, *got);
  }
}

// Returns the content, or the error in words.
std::string Content(FileKind kind, std::string compressed,
                    size_t max_read = SIZE_MAX) {
  const auto content = Read(kind, std::move(compressed), max_read);
  return content.ok() ? *content : content.status().ToString();
}

std::string Plain() {
  std::string plain;
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&plain, i, " ");
  return plain;
}

TEST(DecompressorTest, ContentComesBackHoweverItIsRead) {
  for (const Format& format : kFormats) {
    for (const std::string& plain :
         {std::string(), std::string("x"), Plain()}) {
      const std::string compressed = format.compress(plain);
      EXPECT_EQ(FileKindOf(compressed), format.kind);
      EXPECT_EQ(Content(format.kind, compressed), plain);
      EXPECT_EQ(Content(format.kind, compressed, 1), plain);
    }
  }
}

TEST(DecompressorTest, MembersFollowEachOtherAndZerosFollowTheLast) {
  for (const Format& format : kFormats) {
    const std::string two = format.compress("one, ") + format.compress("two");
    EXPECT_EQ(Content(format.kind, two), "one, two");
    EXPECT_EQ(Content(format.kind, two + std::string(300000, '\0')),
              "one, two");
  }
}

TEST(DecompressorTest, EveryTruncationIsAnErrorWithItsOffset) {
  for (const Format& format : kFormats) {
    const std::string compressed = format.compress(Plain());
    for (size_t size = 4; size < compressed.size(); ++size) {
      const auto content = Read(format.kind, compressed.substr(0, size));
      ASSERT_FALSE(content.ok()) << size;
      ASSERT_TRUE(GetErrorDetail(content.status()).has_value()) << size;
      EXPECT_EQ(GetErrorDetail(content.status())->reason,
                ERROR_REASON_NO_TRAILER)
          << size;
      EXPECT_EQ(GetErrorDetail(content.status())->offset, size);
    }
  }
}

TEST(DecompressorTest, EveryBitThatFlipsIsFoundOrHarmless) {
  for (const Format& format : kFormats) {
    const std::string plain = Plain().substr(0, 300);
    const std::string compressed = format.compress(plain);
    for (size_t bit = 0; bit < 8 * compressed.size(); ++bit) {
      std::string flipped = compressed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto content = Read(format.kind, flipped);
      if (!content.ok()) continue;
      EXPECT_EQ(*content, plain) << bit;
    }
  }
}

TEST(DecompressorTest, WhatFollowsIsNotDropped) {
  for (const Format& format : kFormats) {
    const std::string compressed = format.compress("state");
    for (const std::string& rest :
         {std::string("rest"), std::string(200000, '\0') + "rest"}) {
      EXPECT_FALSE(Read(format.kind, compressed + rest).ok());
    }
  }
}

// --- Kinds ---

std::string LibvirtHeader(uint32_t xml_size, uint32_t compression,
                          bool big_endian = false) {
  std::string header = "LibvirtQemudSave";
  for (const uint32_t number : {2u, xml_size, 1u, compression, 0u}) {
    for (int i = 0; i < 4; ++i) {
      header.push_back(
          static_cast<char>(number >> 8 * (big_endian ? 3 - i : i)));
    }
  }
  header.resize(kLibvirtHeader);
  return header;
}

TEST(FileKindTest, FilesAreKnownByTheirFirstBytes) {
  EXPECT_EQ(FileKindOf("QEVM\0\0\0\3"), FileKind::kMigration);
  EXPECT_EQ(FileKindOf(LibvirtHeader(4, 0)), FileKind::kLibvirt);
  EXPECT_EQ(FileKindOf(" \n{\"a\""), FileKind::kJson);
  EXPECT_EQ(FileKindOf("\xa2\x6e"
                       "acked_features\x01"),
            FileKind::kCbor);
  EXPECT_EQ(FileKindOf(""), FileKind::kOther);
  EXPECT_EQ(FileKindOf("QEV"), FileKind::kOther);
  EXPECT_EQ(FileKindOf(std::string(100, '\0')), FileKind::kOther);
}

TEST(FileKindTest, KnownFilesAreNamedWithTheWayOn) {
  const struct {
    std::string first_bytes;
    const char* name;
    const char* way_on;
  } kCases[] = {
      {std::string("\xfd\x37zXZ\0", 6), "xz", "xz -dc"},
      {"\x04\x22\x4d\x18", "lz4", "lz4 -dc"},
      {"BZh9", "bzip2", "bzip2 -dc"},
      {"\x89LZO", "lzop", "lzop -dc"},
      {"QFI\xfb", "qcow2", "-loadvm"},
      {"\x7f"
       "ELF\2",
       "ELF", "virsh save"},
      {"KDUMP   ", "kdump", "virsh save"},
      {"DISKDUMP", "diskdump", "virsh save"},
      {"makedumpfile", "makedumpfile", "virsh save"},
      {"LibvirtQemudPart", "never finished", "save the VM again"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(FileKindOf(test.first_bytes), FileKind::kNamed) << test.name;
    const absl::Status way_on = WayOn(test.first_bytes);
    EXPECT_THAT(way_on, StatusIs(absl::StatusCode::kFailedPrecondition,
                                 HasSubstr(test.name)));
    EXPECT_THAT(way_on, StatusIs(absl::StatusCode::kFailedPrecondition,
                                 HasSubstr(test.way_on)));
  }
}

TEST(FileKindTest, LibvirtImageSaysWhereItsStreamIs) {
  for (const bool big_endian : {false, true}) {
    const auto raw =
        ParseLibvirtImage(LibvirtHeader(4004, 0, big_endian), 1 << 20);
    ASSERT_THAT(raw, IsOk());
    EXPECT_EQ(raw->start, 4096);
    EXPECT_EQ(raw->content, FileKind::kMigration);
  }
  EXPECT_EQ(ParseLibvirtImage(LibvirtHeader(4, 1), 1000)->content,
            FileKind::kGzip);
  EXPECT_EQ(ParseLibvirtImage(LibvirtHeader(4, 5), 1000)->content,
            FileKind::kZstd);
  EXPECT_THAT(ParseLibvirtImage(LibvirtHeader(4, 3), 1000),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("tail -c +97 FILE | xz -dc")));
  EXPECT_THAT(
      ParseLibvirtImage(LibvirtHeader(4, 77), 1000),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("number 77")));
  // Cut off in the header and in the XML.
  for (const std::string& header :
       {LibvirtHeader(4, 0).substr(0, 50), LibvirtHeader(908, 0),
        LibvirtHeader(UINT32_MAX, 0)}) {
    const auto cut = ParseLibvirtImage(header, 1000);
    ASSERT_FALSE(cut.ok());
    EXPECT_TRUE(GetErrorDetail(cut.status()).has_value());
  }
}

// --- Migrations ---

absl::StatusOr<MigrationFile> Keep(const std::string& content) {
  StringSource source(content);
  return KeepMigration(source);
}

TEST(MigrationFileTest, WhatWasKeptIsReadAtAnyPlace) {
  std::string content = "QEVM";
  while (content.size() < size_t{3} << 20) {
    absl::StrAppend(&content, content.size(), " ");
  }
  const auto kept = Keep(content);
  ASSERT_THAT(kept, IsOk());
  ASSERT_EQ(kept->bytes->size(), content.size());
  for (const size_t offset :
       {size_t{0}, (size_t{1} << 20) - 10, size_t{1} << 20, size_t{2} << 20}) {
    std::string read(20, '\0');
    ASSERT_THAT(kept->bytes->ReadAt(offset, &read[0], read.size()), IsOk())
        << offset;
    EXPECT_EQ(read, content.substr(offset, read.size()));
  }
}

TEST(MigrationFileTest, WhatIsCompressedTwiceIsRefused) {
  for (const std::string& content :
       {Gzip("QEVM"), Zstd("QEVM"), LibvirtHeader(0, 1) + Gzip("QEVM"),
        LibvirtHeader(0, 5) + Zstd("QEVM")}) {
    EXPECT_THAT(Keep(content), StatusIs(absl::StatusCode::kFailedPrecondition,
                                        HasSubstr("compressed twice")));
  }
  EXPECT_EQ(Keep(LibvirtHeader(0, 0) + "QEVM")->start, kLibvirtHeader);
}

}  // namespace
}  // namespace devstate::testing
