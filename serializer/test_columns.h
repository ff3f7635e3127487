// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: columns as protobuf messages.

#ifndef DEVSTATE_SERIALIZER_TEST_COLUMNS_H_
#define DEVSTATE_SERIALIZER_TEST_COLUMNS_H_

#include <string>

#include "absl/status/status.h"
#include "devstate/columns.pb.h"
#include "devstate/serializer/column.h"
#include "devstate/serializer/decode_context.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/record_table.h"
#include "devstate/serializer/stream_reader.h"
#include "gtest/gtest.h"

namespace devstate::testing {

// Returns the body of the one field, number 1, that `encode` writes; "absent"
// if it writes nothing.
template <typename Encode>
std::string EncodeField(const MessageWriter::ColumnOptions& options,
                        Encode encode) {
  ByteBuffer buffer;
  MessageWriter writer(&buffer);
  writer.set_column_options(options);
  encode(writer);
  if (buffer.empty()) return "absent";
  const char* begin = buffer.data();
  const char* end = begin + buffer.size();
  uint64_t tag = 0;
  uint64_t size = 0;
  begin = DecodeVarint(begin, end, &tag);
  EXPECT_EQ(tag, 1u << 3 | kWireLength);
  begin = DecodeVarint(begin, end, &size);
  EXPECT_EQ(size, static_cast<size_t>(end - begin));
  return std::string(begin, end);
}

// Parses with a stock protobuf parser and expects that it knows every part.
template <typename Column>
Column ParseStock(const std::string& bytes) {
  Column column;
  EXPECT_TRUE(column.ParseFromString(bytes));
  EXPECT_TRUE(column.GetReflection()->GetUnknownFields(column).field_count() ==
              0);
  return column;
}

// Returns a field whose columns have values of `kind`.
inline FieldEntry Field(ColumnKind kind) {
  FieldEntry field = {};
  field.number = 1;
  field.name = "field";
  field.kind = static_cast<ValueKind>(kind);
  return field;
}

// Decodes into `reader`, as the columns of `field`, and returns the status.
inline absl::Status DecodeColumn(
    ColumnReader& reader, const std::string& bytes, size_t count,
    const Limits& limits = Limits(),
    const FieldEntry& field = Field(COLUMN_KIND_UNSIGNED)) {
  Chunk chunk;
  chunk.offset = 0x123;
  chunk.header.sequence = 7;
  DecodeContext context(chunk, limits, /*schema_version=*/1);
  DecodeContext::PathScope scope(context, "field");
  return reader.DecodeAs(field, bytes, count, context);
}

}  // namespace devstate::testing

#endif  // DEVSTATE_SERIALIZER_TEST_COLUMNS_H_
