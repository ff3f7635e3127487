// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/embedded_schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/schema/name_text.h"
#include "devstate/schema/schema_check.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorProto;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;
using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedInputStream;

constexpr char kName[] = "the schema embedded in the stream";

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(kName, " ", what));
}

absl::Status Limit(absl::string_view what, uint64_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat(kName, " has more ", what, " than the limit of ", limit));
}

// Counts what is in a serialized FileDescriptorSet. A parser would build it
// all first: two bytes can ask for a message of hundreds, and descriptors take
// a multiple of that.
class Scanner {
 public:
  explicit Scanner(const EmbeddedSchemaLimits& limits) : limits_(limits) {}

  absl::Status Scan(CodedInputStream& input, const Descriptor& type,
                    uint32_t depth) {
    if (depth > limits_.max_depth) return Limit("levels", limits_.max_depth);
    while (const uint32_t tag = input.ReadTag()) {
      const FieldDescriptor* field =
          type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      if (WireFormatLite::GetTagWireType(tag) !=
              WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
          field == nullptr) {
        if (!WireFormatLite::SkipField(&input, tag)) return NotASet();
        // Unknown fields: options, mostly.
        if (++items_ > limits_.max_items) return TooManyItems();
        continue;
      }
      int size;
      if (!input.ReadVarintSizeAsInt(&size)) return NotASet();
      if (field->message_type() == nullptr) {
        DS_RETURN_IF_ERROR(CheckText(*field, size));
        if (!input.Skip(size)) return NotASet();
        continue;
      }
      DS_RETURN_IF_ERROR(Count(*field->message_type()));
      const CodedInputStream::Limit outer = input.PushLimit(size);
      DS_RETURN_IF_ERROR(Scan(input, *field->message_type(), depth + 1));
      if (!input.CheckEntireMessageConsumedAndPopLimit(outer)) {
        return NotASet();
      }
    }
    return input.ConsumedEntireMessage() ? absl::OkStatus() : NotASet();
  }

 private:
  static absl::Status NotASet() {
    return Malformed("is not a FileDescriptorSet");
  }
  absl::Status TooManyItems() const {
    return Limit("items", limits_.max_items);
  }

  absl::Status Count(const Descriptor& type) {
    if (++items_ > limits_.max_items) return TooManyItems();
    if (&type == FileDescriptorProto::descriptor() &&
        ++files_ > limits_.max_files) {
      return Limit("files", limits_.max_files);
    }
    if (&type == DescriptorProto::descriptor() &&
        ++messages_ > limits_.max_messages) {
      return Limit("messages", limits_.max_messages);
    }
    return absl::OkStatus();
  }

  absl::Status CheckText(const FieldDescriptor& field, int size) {
    // Packed numbers, too, are at most as many as their bytes.
    if (++items_ > limits_.max_items) return TooManyItems();
    if (static_cast<uint32_t>(size) <= limits_.max_name_bytes) {
      return absl::OkStatus();
    }
    return Limit(absl::StrCat("bytes in a ", field.name()),
                 limits_.max_name_bytes);
  }

  const EmbeddedSchemaLimits& limits_;
  uint32_t items_ = 0;
  uint32_t files_ = 0;
  uint32_t messages_ = 0;
};

absl::StatusOr<std::string> Decompress(absl::string_view frame,
                                       uint64_t max_bytes) {
  absl::StatusOr<std::string> bytes = ContentOfZstdFrame(frame, max_bytes);
  if (bytes.ok()) return bytes;
  if (absl::IsResourceExhausted(bytes.status())) {
    return Limit("bytes", max_bytes);
  }
  return Malformed(bytes.status().message());
}

}  // namespace

absl::StatusOr<LoadedSchema> LoadEmbeddedSchema(
    const SchemaInfo& header, const EmbeddedSchemaLimits& limits) {
  if (header.descriptor_set.empty()) {
    return absl::NotFoundError(
        "the stream carries no schema: name its schema with --schema");
  }
  DS_ASSIGN_OR_RETURN(const std::string bytes,
                      Decompress(header.descriptor_set, limits.max_bytes));
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  DS_RETURN_IF_ERROR(
      Scanner(limits).Scan(input, *FileDescriptorSet::descriptor(), 0));
  SchemaLoadOptions options;
  options.root = std::string(header.root_message);
  absl::StatusOr<LoadedSchema> schema =
      ParseDescriptorSet(kName, bytes, options);
  if (!schema.ok()) {
    return absl::InvalidArgumentError(schema.status().message());
  }
  const SchemaModel& model = schema->model();
  if (schema->root().full_name() != header.root_message ||
      model.schema() != header.schema || model.version() != header.version) {
    return Malformed(absl::StrCat(
        "is ", model.schema(), " version ", model.version(), " with root ",
        schema->root().full_name(), ", but its header says ",
        NameText(header.schema), " version ", header.version, " with root ",
        NameText(header.root_message)));
  }
  if (model.fingerprint != header.fingerprint) {
    return Malformed("has another fingerprint than its header says");
  }
  // That devstate's own compiler would have taken it.
  if (const absl::Status checked = CheckSchema(model, kMaxReadableDepth);
      !checked.ok()) {
    return Malformed(absl::StrCat("is not valid: ", checked.message()));
  }
  return schema;
}

}  // namespace devstate
