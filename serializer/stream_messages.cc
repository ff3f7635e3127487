// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each message has its fields in one list, which a writer and a reader visit,
// so that the two cannot differ.

#include "devstate/serializer/stream_messages.h"

#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/internal/little_endian.h"
#include "devstate/serializer/internal/wire_cursor.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/serializer/utf8.h"

namespace devstate {
namespace {

// --- Fields in the order of their numbers ---

template <typename Visitor>
void VisitFields(Visitor& visit, WriterName& writer) {
  visit.Text(1, writer.name);
  visit.Text(2, writer.version);
}

template <typename Visitor>
void VisitFields(Visitor& visit, ConversionRecord& conversion) {
  visit.Number(1, conversion.from_version);
  visit.Number(2, conversion.to_version);
  visit.Message(3, conversion.by);
}

template <typename Visitor>
void VisitFields(Visitor& visit, StreamHeader& header) {
  visit.Text(1, header.device);
  visit.Text(2, header.schema);
  visit.Number(3, header.schema_version);
  visit.Number(4, header.min_reader);
  visit.Text(5, header.root_message);
  visit.Message(6, header.writer);
  visit.Texts(7, header.used_features);
  visit.Bytes(8, header.fingerprint);
  visit.Bytes(9, header.descriptor_set);
  visit.Text(10, header.instance);
  visit.Messages(11, header.conversions);
}

template <typename Visitor>
void VisitFields(Visitor& visit, RoundCounts& round) {
  visit.Number(1, round.chunks);
  visit.Number(2, round.written);
  visit.Number(3, round.deleted);
}

template <typename Visitor>
void VisitFields(Visitor& visit, StreamTrailer& trailer) {
  visit.Number(1, trailer.chunks);
  visit.Number(2, trailer.records);
  visit.Number(3, trailer.decoded_bytes);
  visit.Number(4, trailer.stored_bytes);
  visit.Fixed(5, trailer.digest);
  visit.Messages(6, trailer.rounds);
}

template <typename Visitor>
void VisitFields(Visitor& visit, ErrorDetail& detail) {
  visit.Number(1, detail.reason);
  visit.Number(2, detail.offset);
  visit.OptionalNumber(3, detail.chunk);
  visit.Number(4, detail.required_missing);
  visit.Number(5, detail.pieces_not_whole);
}

// --- Both directions ---

// Appends a message, whose fields it does not change.
class FieldWriter {
 public:
  explicit FieldWriter(MessageWriter* out) : out_(*out) {}

  template <typename T>
  void Number(uint32_t field, const T& value) {
    // An enum is an int32, whose sign fills the varint.
    out_.WriteNumber(field, static_cast<uint64_t>(value));
  }
  void OptionalNumber(uint32_t field, const absl::optional<uint32_t>& value) {
    if (!value.has_value()) return;
    out_.WriteTag(field, kWireVarint);
    out_.WriteVarint(*value);
  }
  void Fixed(uint32_t field, const uint64_t& value) {
    if (value == 0) return;
    out_.WriteTag(field, kWireFixed64);
    StoreLittleEndian(out_.out().Extend(sizeof(value)), value);
  }
  void Bytes(uint32_t field, const std::string& value) {
    out_.WriteBytes(field, value);
  }
  void Text(uint32_t field, const std::string& value) { Bytes(field, value); }
  void Texts(uint32_t field, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      out_.WriteTag(field, kWireLength);
      out_.WriteVarint(value.size());
      out_.out().Append(value);
    }
  }
  template <typename T>
  void Message(uint32_t field, T& message) {
    const MessageWriter::Nested nested = out_.BeginNested(field, 0);
    VisitFields(*this, message);
    out_.EndNested(nested);
  }
  template <typename T>
  void Messages(uint32_t field, std::vector<T>& messages) {
    for (T& message : messages) Message(field, message);
  }

 private:
  MessageWriter& out_;
};

// Takes the value of one field of a message, which is the next in a cursor.
class FieldReader {
 public:
  FieldReader(uint32_t number, uint32_t wire_type, int depth, WireCursor* in)
      : number_(number), wire_type_(wire_type), depth_(depth), in_(*in) {}

  // Reads a message of `bytes` into `message`.
  template <typename T>
  static bool ReadMessage(absl::string_view bytes, int depth, T& message) {
    WireCursor in(bytes);
    while (!in.AtEnd()) {
      uint32_t number;
      uint32_t wire_type;
      if (!in.Tag(&number, &wire_type)) return false;
      FieldReader field(number, wire_type, depth, &in);
      VisitFields(field, message);
      if (!field.Finish()) return false;
    }
    return true;
  }

  template <typename T>
  void Number(uint32_t field, T& value) {
    uint64_t number;
    if (!Is(field, kWireVarint) || !Take(in_.Varint(&number))) return;
    // Cut as a parser cuts.
    value = static_cast<T>(number);
  }
  void OptionalNumber(uint32_t field, absl::optional<uint32_t>& value) {
    uint32_t number;
    if (!Is(field, kWireVarint)) return;
    Number(field, number);
    if (ok_) value = number;
  }
  void Fixed(uint32_t field, uint64_t& value) {
    absl::string_view bytes;
    if (!Is(field, kWireFixed64) || !Take(in_.Bytes(sizeof(value), &bytes))) {
      return;
    }
    value = LoadLittleEndian<uint64_t>(bytes.data());
  }
  void Bytes(uint32_t field, std::string& value) {
    absl::string_view bytes;
    if (!Is(field, kWireLength) || !Take(in_.LengthDelimited(&bytes))) return;
    value.assign(bytes.data(), bytes.size());
  }
  void Text(uint32_t field, std::string& value) {
    if (!Is(field, kWireLength)) return;
    Bytes(field, value);
    if (ok_) ok_ = IsValidUtf8(value);
  }
  void Texts(uint32_t field, std::vector<std::string>& values) {
    if (Is(field, kWireLength)) Text(field, values.emplace_back());
  }
  template <typename T>
  void Message(uint32_t field, T& message) {
    absl::string_view bytes;
    if (!Is(field, kWireLength) || !Take(in_.LengthDelimited(&bytes))) return;
    ok_ = ReadMessage(bytes, depth_ + 1, message);
  }
  template <typename T>
  void Messages(uint32_t field, std::vector<T>& messages) {
    if (Is(field, kWireLength)) Message(field, messages.emplace_back());
  }

 private:
  // Skips a field that the message does not have, or with another wire type.
  bool Finish() { return taken_ ? ok_ : in_.Skip(number_, wire_type_, depth_); }
  bool Is(uint32_t field, uint32_t wire_type) const {
    return field == number_ && wire_type == wire_type_;
  }
  bool Take(bool ok) {
    taken_ = true;
    return ok_ = ok;
  }

  const uint32_t number_;
  const uint32_t wire_type_;
  const int depth_;
  WireCursor& in_;
  bool taken_ = false;
  bool ok_ = true;
};

template <typename T>
std::string SerializeMessage(const T& message) {
  ByteBuffer bytes;
  MessageWriter out(&bytes);
  FieldWriter writer(&out);
  VisitFields(writer, const_cast<T&>(message));
  return std::string(bytes.view());
}

template <typename T>
bool ParseMessage(absl::string_view bytes, T* message) {
  *message = {};
  return FieldReader::ReadMessage(bytes, 1, *message);
}

}  // namespace

SchemaInfo SchemaOf(const StreamHeader& header) {
  return {header.schema,        header.schema_version, header.min_reader,
          header.device,        header.root_message,   header.fingerprint,
          header.descriptor_set};
}

bool IsOfSchema(const StreamHeader& header, const SchemaInfo& reader) {
  return header.fingerprint == reader.fingerprint &&
         header.device == reader.device && header.schema == reader.schema &&
         header.root_message == reader.root_message &&
         header.min_reader <= reader.version;
}

std::string ReasonName(ErrorReason reason) {
  switch (reason) {
    case ERROR_REASON_UNSPECIFIED:
      return "UNSPECIFIED";
    case ERROR_REASON_NOT_A_STREAM:
      return "NOT_A_STREAM";
    case ERROR_REASON_NO_TRAILER:
      return "NO_TRAILER";
    case ERROR_REASON_CHECKSUM:
      return "CHECKSUM";
    case ERROR_REASON_TRAILING_BYTES:
      return "TRAILING_BYTES";
    case ERROR_REASON_LIMIT:
      return "LIMIT";
    case ERROR_REASON_MALFORMED:
      return "MALFORMED";
    case ERROR_REASON_UNKNOWN_CONTENT:
      return "UNKNOWN_CONTENT";
    case ERROR_REASON_CONSTRAINT:
      return "CONSTRAINT";
  }
  return "";
}

std::string Serialize(const StreamHeader& header) {
  return SerializeMessage(header);
}
std::string Serialize(const StreamTrailer& trailer) {
  return SerializeMessage(trailer);
}
std::string Serialize(const ErrorDetail& detail) {
  return SerializeMessage(detail);
}

bool Parse(absl::string_view message, StreamHeader* header) {
  return ParseMessage(message, header);
}
bool Parse(absl::string_view message, StreamTrailer* trailer) {
  return ParseMessage(message, trailer);
}
bool Parse(absl::string_view message, ErrorDetail* detail) {
  return ParseMessage(message, detail);
}

}  // namespace devstate
