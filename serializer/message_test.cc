// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <limits>
#include <string>
#include <vector>

#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

TEST(Varint, EveryLengthComesBack) {
  for (int bits = 0; bits <= 64; ++bits) {
    for (const int delta : {-1, 0, 1}) {
      const uint64_t value =
          (bits == 64 ? 0 : uint64_t{1} << bits) + static_cast<uint64_t>(delta);
      char buffer[kMaxVarintSize];
      const size_t size = EncodeVarint(value, buffer);
      EXPECT_EQ(size, VarintSize(value)) << value;
      uint64_t decoded = 0;
      EXPECT_EQ(DecodeVarint(buffer, buffer + size, &decoded), buffer + size);
      EXPECT_EQ(decoded, value);
      EXPECT_EQ(DecodeVarint(buffer, buffer + size - 1, &decoded), nullptr);
    }
  }
}

TEST(Varint, MoreThan64BitsAreRefused) {
  const std::string overflow = std::string(9, '\xff') + "\x02";
  const std::string endless(11, '\x80');
  uint64_t value;
  EXPECT_EQ(
      DecodeVarint(overflow.data(), overflow.data() + overflow.size(), &value),
      nullptr);
  EXPECT_EQ(
      DecodeVarint(endless.data(), endless.data() + endless.size(), &value),
      nullptr);
}

TEST(ZigZagNumbers, ComeBack) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
}

class Writing : public ::testing::Test {
 protected:
  std::string Written() const { return std::string(buffer_.view()); }

  ByteBuffer buffer_;
  MessageWriter writer_{&buffer_};
};

TEST_F(Writing, ZeroAndEmptyAreLeftOut) {
  writer_.WriteNumber(1, 0);
  writer_.WriteBytes(2, "");
  EXPECT_EQ(Written(), "");
}

TEST_F(Writing, FieldsAreProtobufs) {
  writer_.WriteNumber(1, 300);
  writer_.WriteBytes(2, "ab");
  writer_.WriteNumber(536870911, 1);
  EXPECT_EQ(Written(), std::string("\x08\xac\x02"
                                   "\x12\x02"
                                   "ab"
                                   "\xf8\xff\xff\xff\x0f\x01"));
}

TEST_F(Writing, ALengthIsMinimalWhateverWasGuessed) {
  for (const size_t guess : {size_t{0}, size_t{127}, size_t{128}, SIZE_MAX}) {
    for (const size_t size : {0u, 1u, 127u, 128u, 20000u}) {
      buffer_.clear();
      const MessageWriter::Nested nested = writer_.BeginNested(1, guess);
      buffer_.Append(std::string(size, 'x'));
      writer_.EndNested(nested);
      ByteBuffer expected;
      MessageWriter direct(&expected);
      direct.WriteTag(1, kWireLength);
      direct.WriteVarint(size);
      expected.Append(std::string(size, 'x'));
      EXPECT_EQ(buffer_.view(), expected.view()) << guess << " " << size;
    }
  }
}

TEST_F(Writing, NestedFieldsNest) {
  const MessageWriter::Nested outer = writer_.BeginNested(1, 1000);
  const MessageWriter::Nested inner = writer_.BeginNested(2, 0);
  buffer_.Append(std::string(130, 'x'));
  writer_.EndNested(inner);
  writer_.EndNested(outer);
  EXPECT_EQ(Written(),
            std::string("\x0a\x85\x01\x12\x82\x01") + std::string(130, 'x'));
}

TEST_F(Writing, ADroppedFieldLeavesNothing) {
  writer_.WriteNumber(1, 1);
  const MessageWriter::Nested nested = writer_.BeginNested(2, 10);
  EXPECT_TRUE(writer_.IsEmpty(nested));
  writer_.DropNested(nested);
  EXPECT_EQ(Written(), std::string("\x08\x01"));
}

// A message with `bytes` in a nested field and fields around them.
void WriteAround(const std::string& bytes, size_t guess, MessageWriter* out) {
  out->WriteNumber(1, 1);
  const MessageWriter::Nested outer = out->BeginNested(2, guess);
  const MessageWriter::Nested inner = out->BeginNested(3, guess);
  out->WriteNumber(4, 300);
  out->WriteLastingBytes(5, bytes);
  out->WriteNumber(6, 1);
  out->EndNested(inner);
  out->WriteLastingBytes(7, bytes);
  out->EndNested(outer);
  out->WriteBytes(8, "end");
}

TEST_F(Writing, BytesThatLastStayWhereTheyAre) {
  MessageWriter::ColumnOptions options;
  options.apart = true;
  writer_.set_column_options(options);
  for (const size_t guess : {size_t{0}, size_t{128}, SIZE_MAX}) {
    for (const size_t size : {1u, 127u, 20000u}) {
      const std::string bytes(size, 'x');
      ByteBuffer expected;
      MessageWriter direct(&expected);
      WriteAround(bytes, guess, &direct);
      EXPECT_TRUE(direct.apart().bytes.empty());

      buffer_.clear();
      writer_.set_out(&buffer_);
      WriteAround(bytes, guess, &writer_);
      const MessageWriter::Apart& apart = writer_.apart();
      EXPECT_EQ(apart.bytes.data(), bytes.data());
      std::string whole = Written();
      whole.insert(apart.position, apart.bytes.data(), apart.bytes.size());
      EXPECT_EQ(whole, expected.view()) << guess << " " << size;
    }
  }
}

TEST_F(Writing, ADroppedFieldTakesItsLastingBytesAlong) {
  MessageWriter::ColumnOptions options;
  options.apart = true;
  writer_.set_column_options(options);
  const MessageWriter::Nested nested = writer_.BeginNested(2, 10);
  writer_.WriteLastingBytes(1, "abc");
  writer_.DropNested(nested);
  EXPECT_TRUE(writer_.apart().bytes.empty());
  EXPECT_EQ(Written(), "");
}

TEST(MessageReader, SeesEveryField) {
  const std::string message(
      "\x08\xac\x02\x12\x02"
      "ab\x0a\x00",
      9);
  MessageReader reader(message);
  MessageReader::Field field;
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.wire_type, kWireVarint);
  EXPECT_EQ(field.value, 300u);
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.number, 2u);
  EXPECT_EQ(field.bytes, "ab");
  ASSERT_TRUE(reader.Next(&field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.bytes, "");
  EXPECT_FALSE(reader.Next(&field));
  EXPECT_TRUE(reader.ok());
}

TEST(MessageReader, RefusesWhatIsMalformed) {
  for (const std::string& message : {
           std::string("\x80"),      // a tag cut off
           std::string("\x08"),      // no value
           std::string("\x08\x80"),  // a value cut off
           std::string("\x12\x03"
                       "ab"),  // too short
           std::string("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
           std::string("\x00\x01", 2),  // field number 0
           std::string("\x0b\x0c"),     // a group
           std::string("\x09"
                       "12345678"),  // fixed64
           std::string("\x0d"
                       "1234"),                      // fixed32
           std::string("\x0e\x01"),                  // wire type 6
           std::string("\x88\x80\x80\x80\x10\x01"),  // a tag above 2^32
       }) {
    MessageReader reader(message);
    MessageReader::Field field;
    while (reader.Next(&field)) {
    }
    EXPECT_FALSE(reader.ok()) << ::testing::PrintToString(message);
    EXPECT_FALSE(reader.Next(&field));
  }
}

class Walking : public ::testing::Test {
 protected:
  // The numbers of the columns, or the error.
  absl::StatusOr<std::vector<uint32_t>> Walk(const std::string& message) {
    ColumnsWalker walker(message, context_);
    std::vector<uint32_t> numbers;
    while (true) {
      absl::StatusOr<bool> more = walker.Next();
      if (!more.ok()) return more.status();
      if (!*more) return numbers;
      numbers.push_back(walker.number());
    }
  }

  Chunk chunk_;
  DecodeContext context_{chunk_, Limits(), /*schema_version=*/1};
};

TEST_F(Walking, ColumnsComeInAscendingOrder) {
  absl::StatusOr<std::vector<uint32_t>> numbers =
      Walk(std::string("\x0a\x00\x12\x01x\x82\x01\x00", 8));
  ASSERT_THAT(numbers, IsOk());
  EXPECT_EQ(*numbers, std::vector<uint32_t>({1, 2, 16}));
}

TEST_F(Walking, AnotherOrderIsRefused) {
  EXPECT_THAT(Walk(std::string("\x12\x00\x0a\x00", 4)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("column 1 comes after column 2")));
}

TEST_F(Walking, AColumnTwiceIsRefused) {
  EXPECT_THAT(Walk(std::string("\x12\x00\x12\x00", 4)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("column 2 comes after column 2")));
}

TEST_F(Walking, ANumberIsNoColumn) {
  EXPECT_THAT(Walk(std::string("\x08\x01")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("column 1 has wire type 0")));
}

TEST_F(Walking, AMalformedMessageIsRefused) {
  EXPECT_THAT(Walk("\x0a\x05x"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("not a well-formed message")));
}

TEST_F(Walking, AnUnknownColumnIsNewer) {
  const std::string message("\x0a\x00", 2);
  ColumnsWalker walker(message, context_);
  ASSERT_THAT(walker.Next(), IsOk());
  EXPECT_THAT(walker.UnknownColumn(),
              StatusIs(absl::StatusCode::kUnimplemented,
                       HasSubstr("field 1 that this reader's schema")));
}

TEST(DecodeContext, NamesThePathOfTheField) {
  Chunk chunk;
  chunk.offset = 0x10;
  chunk.header.sequence = 3;
  DecodeContext context(chunk, Limits(), /*schema_version=*/1);
  DecodeContext::PathScope outer(context, "inodes");
  {
    DecodeContext::PathScope inner(context, "name");
    EXPECT_EQ(context.Error(ERROR_REASON_MALFORMED, "bad").message(),
              "offset 0x10: chunk 3: inodes.name: bad");
  }
  EXPECT_EQ(context.Error(ERROR_REASON_MALFORMED, "bad").message(),
            "offset 0x10: chunk 3: inodes: bad");
}

TEST(DecodeContext, MemoryIsChargedUpToTheLimitAndNotBeyond) {
  Limits limits;
  limits.max_batch_memory = 100;
  Chunk chunk;
  DecodeContext context(chunk, limits, /*schema_version=*/1);
  EXPECT_THAT(context.ChargeMemory(10, 8), IsOk());
  EXPECT_THAT(context.ChargeMemory(3, 8),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(context.ChargeMemory(UINT64_MAX, 8),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(context.ChargeMemory(20, 1), IsOk());
  EXPECT_THAT(context.ChargeMemory(1, 1),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(DecodeContext, MemoryBeyondAllAddressesIsNotChargedWhateverTheLimit) {
  Limits limits;
  limits.max_batch_memory = UINT64_MAX;
  Chunk chunk;
  DecodeContext context(chunk, limits, /*schema_version=*/1);
  constexpr uint64_t kMost = std::numeric_limits<size_t>::max() / 4;
  EXPECT_THAT(context.ChargeMemory(kMost + 1, 1),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(context.ChargeMemory(kMost, 1), IsOk());
}

TEST(InField, NamesPathsAndValues) {
  EXPECT_EQ(InMessage("a", InField("b", absl::UnknownError("\"x\" is bad")))
                .message(),
            "a.b: \"x\" is bad");
  EXPECT_THAT(InField("a", absl::OkStatus()), IsOk());
  EXPECT_THAT(InMessage("a", absl::OkStatus()), IsOk());
}

}  // namespace
}  // namespace devstate
