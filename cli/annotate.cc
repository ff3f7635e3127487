// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The annotation follows the bytes rather than the codec, because it must show
// everything before a damaged place. What has no name is hidden, because it may
// hold a sensitive field.

#include "cli/annotate.h"

#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "devstate/columns.pb.h"
#include "devstate/schema/schema_model.h"
#include "devstate/schema/stream_descriptors.h"
#include "devstate/schema/value_set.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedInputStream;

constexpr int kMaxDepth = 100;
constexpr size_t kBytesInLine = 8;

// What a serialized message is.
struct Shape {
  enum Kind {
    kMessage,
    // The …Columns and …Occurrences derived from `model`.
    kColumns,
    kOccurrences,
  };
  Kind kind = kMessage;
  const Descriptor* type = nullptr;
  // Null for messages of the stream format itself.
  const MessageModel* model = nullptr;
};

Shape ShapeOf(Shape::Kind kind, const MessageModel& model) {
  return {kind, model.descriptor, &model};
}

// What a field of it is.
struct Part {
  std::string name;
  // Of a field that is no message: null for parts of occurrences.
  const FieldDescriptor* field = nullptr;
  bool sensitive = false;
  // Of a field that is a message.
  Shape shape;
};

std::string TitleOf(const Shape& shape) {
  if (shape.kind == Shape::kMessage) return std::string(shape.type->name());
  return absl::StrCat(shape.model->record_name, shape.kind == Shape::kColumns
                                                    ? "Columns"
                                                    : "Occurrences");
}

// The derived type of a record's field: docs/stream_format.md, "Columns".
Shape ColumnShape(const FieldModel& field) {
  if (field.message != nullptr) {
    return ShapeOf(Shape::kOccurrences, *field.message);
  }
  const bool bytes = !IsNumber(field);
  if (field.cardinality() == Cardinality::kOne) {
    return {Shape::kMessage,
            bytes ? BytesColumn::descriptor() : NumberColumn::descriptor()};
  }
  return {Shape::kMessage, bytes ? BytesOccurrences::descriptor()
                                 : NumberOccurrences::descriptor()};
}

// False for a field that the shape does not have.
bool FindPart(const Shape& shape, int number, Part* part) {
  if (shape.kind == Shape::kOccurrences) {
    if (number != 1 && number != 2) return false;
    part->name = number == 1 ? "occurrences" : "values";
    part->shape = number == 1
                      ? Shape{Shape::kMessage, NumberColumn::descriptor()}
                      : ShapeOf(Shape::kColumns, *shape.model);
    return true;
  }
  part->field = shape.type->FindFieldByNumber(number);
  if (part->field == nullptr) return false;
  part->name = std::string(part->field->name());
  if (shape.model == nullptr) {
    part->shape = {Shape::kMessage, part->field->message_type()};
    return true;
  }
  const FieldModel& field = *shape.model->FindNumber(number);
  part->sensitive = field.annotations.sensitive();
  if (shape.kind == Shape::kColumns) {
    part->shape = ColumnShape(field);
  } else if (field.message != nullptr) {
    part->shape = ShapeOf(Shape::kMessage, *field.message);
  }
  return true;
}

// Lines of bytes and comments.
class Lines {
 public:
  explicit Lines(bool show_sensitive) : show_sensitive_(show_sensitive) {}

  bool show_sensitive() const { return show_sensitive_; }
  std::string& text() { return text_; }

  void Title(absl::string_view title) {
    absl::StrAppend(&text_, "      ", title, "\n");
  }
  // Adds `bytes` at `offset`, with the comment next to their first line.
  void Bytes(uint64_t offset, absl::string_view bytes, int depth,
             absl::string_view comment) {
    for (size_t i = 0; i < bytes.size(); i += kBytesInLine) {
      std::string hex;
      for (const char c : bytes.substr(i, kBytesInLine)) {
        absl::StrAppendFormat(&hex, "%s%02x", hex.empty() ? "" : " ",
                              static_cast<unsigned char>(c));
      }
      Line(offset + i, hex, depth, i == 0 ? comment : "");
    }
  }
  void Hidden(uint64_t offset, absl::string_view what, size_t size, int depth,
              absl::string_view comment) {
    Line(offset, absl::StrCat("<", what, " ", size, " bytes>"), depth, comment);
  }

 private:
  void Line(uint64_t offset, absl::string_view hex, int depth,
            absl::string_view comment) {
    std::string line = absl::StrFormat("%04x  %-23s  %s%s", offset, hex,
                                       std::string(2 * depth, ' '), comment);
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text_, line, "\n");
  }

  const bool show_sensitive_;
  std::string text_;
};

// Prints a serialized message, field by field.
class MessagePrinter {
 public:
  // `offset` is where `message` starts.
  MessagePrinter(absl::string_view message, uint64_t offset, Lines& lines)
      : message_(message),
        offset_(offset),
        lines_(lines),
        input_(reinterpret_cast<const uint8_t*>(message.data()),
               static_cast<int>(message.size())) {}

  void Print(const Shape& shape) {
    if (PrintFields(shape, static_cast<int>(message_.size()), 0)) return;
    // Nobody can tell what is in it.
    lines_.Hidden(offset_ + static_cast<uint64_t>(start_), "malformed",
                  message_.size() - static_cast<size_t>(start_), 0, "");
  }

 private:
  // Fields up to the position `end`; false if there is no telling them apart.
  bool PrintFields(const Shape& shape, int end, int depth) {
    while (input_.CurrentPosition() < end) {
      start_ = input_.CurrentPosition();
      const uint32_t tag = input_.ReadTag();
      Part part;
      const bool known =
          FindPart(shape, WireFormatLite::GetTagFieldNumber(tag), &part);
      if (!known) {
        part.name = absl::StrCat(
            "field ", WireFormatLite::GetTagFieldNumber(tag), ", unknown");
      }
      const bool message = part.shape.type != nullptr;
      // What lies too deep is hidden as a whole: it may hold what is sensitive.
      const bool hidden = !known || (message && depth >= kMaxDepth) ||
                          (part.sensitive && !lines_.show_sensitive());
      int size = 0;
      uint64_t value = 0;
      switch (WireFormatLite::GetTagWireType(tag)) {
        case WireFormatLite::WIRETYPE_VARINT:
          if (!input_.ReadVarint64(&value)) return false;
          part.name += NumberText(part, value);
          break;
        case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
          if (!input_.ReadVarintSizeAsInt(&size) ||
              size > end - input_.CurrentPosition()) {
            return false;
          }
          if (!hidden && message) {
            Emit(depth, absl::StrCat(part.name, ": ", TitleOf(part.shape)));
            if (!PrintFields(part.shape, input_.CurrentPosition() + size,
                             depth + 1)) {
              return false;
            }
            continue;
          }
          part.name += StringText(part, size);
          if (!input_.Skip(size)) return false;
          break;
        default:
          if (tag == 0 || !WireFormatLite::SkipField(&input_, tag)) {
            return false;
          }
      }
      if (input_.CurrentPosition() > end) return false;
      if (hidden) {
        lines_.Hidden(At(), part.sensitive ? "redacted" : "unknown", Size(),
                      depth, NameOnly(part));
      } else {
        Emit(depth, part.name);
      }
    }
    return input_.CurrentPosition() == end;
  }

  uint64_t At() const { return offset_ + static_cast<uint64_t>(start_); }
  size_t Size() const {
    return static_cast<size_t>(input_.CurrentPosition() - start_);
  }
  // The bytes since start_.
  void Emit(int depth, absl::string_view comment) {
    lines_.Bytes(At(), message_.substr(static_cast<size_t>(start_), Size()),
                 depth, comment);
  }

  static std::string NameOnly(const Part& part) {
    return part.name.substr(0, part.name.find(" = "));
  }
  // Without the prefix that values of an enum share, as the documents have it.
  static std::string ShortName(const EnumValueDescriptor& value) {
    std::string prefix;
    for (const char c : value.type()->name()) {
      if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
      prefix += absl::ascii_toupper(c);
    }
    return std::string(absl::StripPrefix(value.name(), prefix + "_"));
  }
  static std::string NumberText(const Part& part, uint64_t value) {
    if (part.field == nullptr) return "";
    if (part.field->type() == FieldDescriptor::TYPE_ENUM) {
      const auto* named =
          part.field->enum_type()->FindValueByNumber(static_cast<int>(value));
      if (named != nullptr) return absl::StrCat(" = ", ShortName(*named));
    }
    switch (part.field->type()) {
      case FieldDescriptor::TYPE_SINT32:
      case FieldDescriptor::TYPE_SINT64:
        return absl::StrCat(" = ", WireFormatLite::ZigZagDecode64(value));
      case FieldDescriptor::TYPE_ENUM:
      case FieldDescriptor::TYPE_INT32:
      case FieldDescriptor::TYPE_INT64:
        return absl::StrCat(" = ", static_cast<int64_t>(value));
      default:
        return absl::StrCat(" = ", value);
    }
  }
  std::string StringText(const Part& part, int size) const {
    if (part.field == nullptr ||
        part.field->type() != FieldDescriptor::TYPE_STRING) {
      return "";
    }
    return absl::StrCat(" = \"",
                        absl::Utf8SafeCEscape(message_.substr(
                            static_cast<size_t>(input_.CurrentPosition()),
                            static_cast<size_t>(size))),
                        "\"");
  }

  const absl::string_view message_;
  const uint64_t offset_;
  Lines& lines_;
  CodedInputStream input_;
  // The start of the current field.
  int start_ = 0;
};

// Keeps what was read and not let go yet.
class KeepingSource : public ByteSource {
 public:
  explicit KeepingSource(ByteSource* source) : source_(*source) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    DS_ASSIGN_OR_RETURN(const size_t read, source_.Read(buffer, size));
    kept_.append(buffer, read);
    return read;
  }
  // The bytes from the last call's `end`, which are kept no longer.
  std::string TakeUpTo(uint64_t end) {
    const size_t size = static_cast<size_t>(end - begin_);
    std::string taken = kept_.substr(0, size);
    kept_.erase(0, size);
    begin_ = end;
    return taken;
  }

 private:
  ByteSource& source_;
  std::string kept_;
  uint64_t begin_ = 0;
};

// Numbers of a fixed layout, one after the other.
class FixedPrinter {
 public:
  FixedPrinter(absl::string_view bytes, uint64_t offset, Lines& lines)
      : bytes_(bytes), offset_(offset), lines_(lines) {}

  void Text(size_t size, absl::string_view name) {
    lines_.Bytes(offset_ + at_, bytes_.substr(at_, size), 0, name);
    at_ += size;
  }
  void Number(size_t size, absl::string_view name, uint64_t value) {
    Text(size, size == 8 ? absl::StrFormat("%s = 0x%016x", name, value)
                         : absl::StrCat(name, " = ", value));
  }

 private:
  const absl::string_view bytes_;
  const uint64_t offset_;
  Lines& lines_;
  size_t at_ = 0;
};

void PrintStart(absl::string_view bytes, Lines& lines) {
  const StreamPrefix prefix = DecodePrefix(bytes.data());
  FixedPrinter fixed(bytes, 0, lines);
  fixed.Text(8, "magic");
  fixed.Number(2, "format_version", prefix.format_version);
  fixed.Number(2, "reserved", prefix.reserved);
  fixed.Number(4, "header_size", prefix.header_size);
  fixed.Number(8, "header_checksum", prefix.header_checksum);
  fixed.Number(8, "prefix_checksum, over the 24 bytes above",
               prefix.prefix_checksum);
  lines.text() += "\n";
  lines.Title("StreamHeader");
  MessagePrinter(bytes.substr(kPrefixSize), kPrefixSize, lines)
      .Print({Shape::kMessage, StreamMessage("StreamHeader")});
}

ChunkHeader PrintChunkHeader(absl::string_view bytes, uint64_t offset,
                             Lines& lines) {
  const ChunkHeader header = DecodeChunkHeader(bytes.data());
  const size_t type = static_cast<size_t>(header.type);
  lines.text() += "\n";
  lines.Title(absl::StrCat("Chunk: ", NameOf(header.type)));
  FixedPrinter fixed(bytes, offset, lines);
  fixed.Number(1, "type", type);
  fixed.Number(1, "codec", static_cast<uint64_t>(header.codec));
  fixed.Number(2, "flags", header.flags);
  fixed.Number(4, "sequence", header.sequence);
  fixed.Number(4, "field", header.field);
  fixed.Number(4, "records", header.records);
  fixed.Number(4, "stored_size", header.stored_size);
  fixed.Number(4, "decoded_size", header.decoded_size);
  fixed.Number(8, "payload_checksum", header.payload_checksum);
  fixed.Number(8, "header_checksum, over the 32 bytes above",
               header.header_checksum);
  return header;
}

// What the payload of a chunk is; without a type if nobody knows.
Shape ShapeOf(const ChunkHeader& header, const MessageModel* root) {
  if (header.type == ChunkType::kTrailer) {
    return {Shape::kMessage, StreamMessage("StreamTrailer")};
  }
  if (root == nullptr) return {};
  if (header.type == ChunkType::kRoot) return ShapeOf(Shape::kMessage, *root);
  const FieldModel* field = root->FindNumber(static_cast<int>(header.field));
  if (!HasRecords(header.type) || field == nullptr || !HoldsRecords(*field)) {
    return {};
  }
  return ShapeOf(Shape::kColumns, *field->message);
}

void PrintChunk(absl::string_view bytes, uint64_t offset,
                absl::string_view payload, const MessageModel* root,
                Lines& lines) {
  const ChunkHeader header = PrintChunkHeader(bytes, offset, lines);
  if (IsRoundMark(header.type)) return;
  const Shape shape = ShapeOf(header, root);
  const bool raw = header.codec == ChunkCodec::kRaw;
  if (shape.type == nullptr) {
    lines.Hidden(offset + kChunkHeaderSize, "unknown", header.stored_size, 0,
                 "");
    return;
  }
  lines.Title(raw ? TitleOf(shape)
                  : absl::StrCat(TitleOf(shape), ", from ", header.stored_size,
                                 " bytes of zstd; offsets count from here"));
  MessagePrinter(payload, raw ? offset + kChunkHeaderSize : 0, lines)
      .Print(shape);
}

}  // namespace

absl::Status Annotate(ByteSource* source, const StateSchemaFlags& flags,
                      bool show_sensitive, ByteSink* out) {
  KeepingSource kept(source);
  StreamReader reader(&kept, Limits(), Rounds::kTake);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  Lines lines(show_sensitive);
  const absl::StatusOr<LoadedSchema> schema = flags.LoadFor(*header);
  if (!schema.ok() &&
      !(flags.schema.empty() && absl::IsNotFound(schema.status()))) {
    return schema.status();
  }
  const MessageModel* root = schema.ok() ? schema->model().root : nullptr;
  PrintStart(kept.TakeUpTo(reader.offset()), lines);
  while (true) {
    DS_RETURN_IF_ERROR(out->Write(lines.text()));
    lines.text().clear();
    const uint64_t offset = reader.offset();
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    const std::string bytes = kept.TakeUpTo(reader.offset());
    // The trailer is not handed out, but it was there.
    const absl::string_view payload =
        chunk.has_value() ? chunk->payload
                          : absl::string_view(bytes).substr(kChunkHeaderSize);
    PrintChunk(bytes, offset, payload, root, lines);
    if (!chunk.has_value()) return out->Write(lines.text());
  }
}

}  // namespace devstate
