// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// One column. The input is a protobuf message: the type of the values (1), how
// many rows (2), a hostile column (3), values (4). Values come back from every
// encoding; what is taken of a hostile column comes back from our own.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/serializer/bytes_column.h"
#include "devstate/serializer/number_column.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/record_table.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/utf8.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "google/protobuf/unknown_field_set.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::google::protobuf::UnknownField;

constexpr size_t kMaxRows = 1000;

struct Input {
  uint64_t type = 0;
  size_t rows = 0;
  std::string column;
  std::string values;
};

Input ParseInput(const std::string& bytes) {
  Input input;
  google::protobuf::UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return input;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() == UnknownField::TYPE_VARINT) {
      if (field.number() == 1) input.type = field.varint();
      if (field.number() == 2) input.rows = field.varint() % kMaxRows;
    } else if (field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
      if (field.number() == 3) input.column = field.length_delimited();
      if (field.number() == 4) input.values = field.length_delimited();
    }
  }
  return input;
}

FieldEntry MakeField(ValueKind kind) {
  FieldEntry field = {};
  field.number = 1;
  field.name = "field";
  field.kind = kind;
  return field;
}

// Returns the body of the one field that the builder writes. `absent` if it
// writes none.
std::string Encode(ColumnBuilder& builder, const FieldEntry& field, size_t rows,
                   const MessageWriter::ColumnOptions& options, bool* absent) {
  ByteBuffer buffer;
  MessageWriter writer(&buffer);
  writer.set_column_options(options);
  builder.EncodeAs(field, 1, rows, writer);
  *absent = buffer.empty();
  if (*absent) return "";
  const char* in = buffer.data();
  const char* const end = in + buffer.size();
  uint64_t tag = 0;
  uint64_t size = 0;
  in = DecodeVarint(in, end, &tag);
  if (in != nullptr) in = DecodeVarint(in, end, &size);
  Promise(in != nullptr && tag == (1u << 3 | kWireLength) &&
              size == static_cast<size_t>(end - in),
          "a column is one field");
  return std::string(in, end);
}

absl::Status Decode(ColumnReader& reader, const FieldEntry& field,
                    absl::string_view column, size_t rows) {
  Chunk chunk;
  Limits limits;
  limits.max_batch_memory = 1 << 20;
  DecodeContext context(chunk, limits, /*schema_version=*/1);
  DecodeContext::PathScope scope(context, "field");
  return reader.DecodeAs(field, column, rows, context);
}

// A kind of column: values to and from its builder and reader.
template <typename T>
struct Numbers {
  using Builder = NumberColumnBuilder<T>;
  using Reader = NumberColumnReader<T>;
  using Values = std::vector<typename NumberTraits<T>::Bits>;

  static Values Take(const std::string& bytes) {
    Values values(std::min(bytes.size() / sizeof(values[0]), kMaxRows));
    if (values.empty()) return values;
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(values[0]));
    if constexpr (std::is_same_v<T, bool>) {
      for (auto& value : values) value &= 1;
    }
    return values;
  }
  static void Append(const Values& values, Builder* builder) {
    for (const auto bits : values) {
      builder->Append(NumberTraits<T>::FromBits(bits));
    }
  }
  static Values Read(Reader& reader, size_t rows) {
    Values values(rows);
    for (size_t i = 0; i < rows; ++i) {
      values[i] = NumberTraits<T>::ToBits(reader[i]);
    }
    return values;
  }
};

struct Bytes {
  using Builder = BytesColumnBuilder;
  using Reader = BytesColumnReader;
  using Values = std::vector<std::string>;

  // Lengths and values by turns.
  static Values Take(const std::string& bytes) {
    Values values;
    for (size_t at = 0; at < bytes.size() && values.size() < kMaxRows;) {
      const size_t length = static_cast<unsigned char>(bytes[at++]) % 40;
      values.push_back(bytes.substr(at, length));
      at += length;
    }
    return values;
  }
  static void Append(const Values& values, Builder* builder) {
    for (const std::string& value : values) builder->Append(value);
  }
  static Values Read(Reader& reader, size_t rows) {
    Values values(rows);
    for (size_t i = 0; i < rows; ++i) {
      absl::string_view value;
      reader.Read(i, value);
      values[i] = std::string(value);
    }
    return values;
  }
};

template <typename Kind>
void CheckRoundTrip(const FieldEntry& field,
                    const typename Kind::Values& values) {
  typename Kind::Builder builder;
  Kind::Append(values, &builder);
  if (!builder.Validate(field, RowKind::kRecord).ok()) return;
  for (const bool plain : {false, true}) {
    for (const bool compressed : {false, true}) {
      MessageWriter::ColumnOptions options;
      options.plain = plain;
      options.compressed = compressed;
      bool absent = false;
      const std::string column =
          Encode(builder, field, values.size(), options, &absent);
      typename Kind::Reader reader;
      absl::Status status;
      if (absent) {
        reader.SetDefault();
      } else {
        status = Decode(reader, field, column, values.size());
      }
      Promise(status.ok(), "what is encoded is decoded", status.ToString());
      Promise(Kind::Read(reader, values.size()) == values,
              "values come back from every encoding");
    }
  }
}

template <typename Kind>
void Check(ValueKind kind, const Input& input) {
  const FieldEntry field = MakeField(kind);
  CheckRoundTrip<Kind>(field, Kind::Take(input.values));
  typename Kind::Reader reader;
  const absl::Status status = Decode(reader, field, input.column, input.rows);
  if (!status.ok()) {
    Promise(GetErrorDetail(status).has_value(), "a refusal has a reason",
            status.ToString());
    return;
  }
  const auto values = Kind::Read(reader, input.rows);
  if constexpr (std::is_same_v<Kind, Bytes>) {
    for (const std::string& value : values) {
      Promise(kind != ValueKind::kText || IsValidUtf8(value), "text is UTF-8");
    }
  }
  CheckRoundTrip<Kind>(field, values);
}

// Counts and values of a repeated field, and of an optional one.
template <typename Reader>
void CheckOccurrences(const Input& input) {
  Reader reader;
  const absl::Status status =
      Decode(reader, MakeField(ValueKind::kUnsigned), input.column, input.rows);
  if (!status.ok()) {
    Promise(GetErrorDetail(status).has_value(), "a refusal has a reason",
            status.ToString());
    return;
  }
  uint64_t total = 0;
  for (size_t i = 0; i < input.rows; ++i) total += reader.CountAt(i);
  Promise(total == reader.total(), "the counts add up");
}

void Run(const Input& input) {
  switch (input.type) {
    case 0:
      return Check<Numbers<bool>>(ValueKind::kUnsigned, input);
    case 1:
      return Check<Numbers<uint32_t>>(ValueKind::kUnsigned, input);
    case 2:
      return Check<Numbers<uint64_t>>(ValueKind::kUnsigned, input);
    case 3:
      return Check<Numbers<int32_t>>(ValueKind::kSigned, input);
    case 4:
      return Check<Numbers<int64_t>>(ValueKind::kSigned, input);
    case 5:
      return Check<Numbers<float>>(ValueKind::kFloat, input);
    case 6:
      return Check<Numbers<double>>(ValueKind::kDouble, input);
    case 7:
      return Check<Bytes>(ValueKind::kBytes, input);
    case 8:
      return Check<Bytes>(ValueKind::kText, input);
    case 9:
      return CheckOccurrences<OptionalReader<NumberColumnReader<uint32_t>>>(
          input);
    case 10:
      return CheckOccurrences<
          RepeatedReader<NumberColumnReader<uint64_t>, uint64_t>>(input);
    default:
      return;
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(devstate::ParseInput(
      std::string(reinterpret_cast<const char*>(data), size)));
  return 0;
}
