// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/gate/wire_check.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "compat/rules.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format.h"
#include "google/protobuf/wire_format_lite.h"
#include "serializer/utf8.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::internal::WireFormat;
using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedInputStream;

constexpr int kMaxDepth = 100;

absl::string_view WireTypeName(int wire_type) {
  switch (wire_type) {
    case WireFormatLite::WIRETYPE_VARINT:
      return "varint";
    case WireFormatLite::WIRETYPE_FIXED64:
      return "64-bit";
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
      return "length-delimited";
    case WireFormatLite::WIRETYPE_FIXED32:
      return "32-bit";
    default:
      return "group";
  }
}

// Whether a parser keeps the whole value of a varint in a field of this type.
bool VarintFits(uint64_t value, const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_BOOL:
      return value <= 1;
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_SINT32:
      return value <= UINT32_MAX;
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM: {
      const int64_t number = static_cast<int64_t>(value);
      return number >= INT32_MIN && number <= INT32_MAX;
    }
    default:
      return true;
  }
}

class WireChecker {
 public:
  explicit WireChecker(StreamFindings* findings) : findings_(*findings) {}

  bool Check(absl::string_view bytes, const Descriptor& type,
             const std::string& path, int depth) {
    if (depth > kMaxDepth) return false;
    CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                           static_cast<int>(bytes.size()));
    Seen seen;
    while (input.CurrentPosition() < static_cast<int>(bytes.size())) {
      const uint32_t tag = input.ReadTag();
      if (tag == 0) return false;
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const int wire_type = WireFormatLite::GetTagWireType(tag);
      if (number == 0) return false;
      const FieldDescriptor* field = type.FindFieldByNumber(number);
      if (field == nullptr) {
        Add(rules::kUnknownCritical, absl::StrCat(Prefix(path), number),
            absl::StrCat("field ", number), "",
            "the state has a field that the schema does not, and skipping it "
            "would lose state: update the reader, or save for its version");
        if (!WireFormatLite::SkipField(&input, tag)) return false;
        continue;
      }
      if (!CheckField(bytes, *field, wire_type, tag, path, depth, &input,
                      &seen)) {
        return false;
      }
    }
    return true;
  }

 private:
  struct Seen {
    std::set<const FieldDescriptor*> fields;
    std::map<const OneofDescriptor*, const FieldDescriptor*> oneofs;
    std::map<const FieldDescriptor*, std::set<std::string>> keys;
  };

  static std::string Prefix(const std::string& path) {
    return path.empty() ? "" : absl::StrCat(path, ".");
  }

  bool CheckField(absl::string_view bytes, const FieldDescriptor& field,
                  int wire_type, uint32_t tag, const std::string& path,
                  int depth, CodedInputStream* input, Seen* seen) {
    const std::string field_path = absl::StrCat(Prefix(path), field.name());
    const int own = WireFormat::WireTypeForFieldType(field.type());
    const bool packed = field.is_packable() &&
                        wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (wire_type != own && !packed) {
      Add(rules::kWireTypeChanged, field_path,
          std::string(WireTypeName(wire_type)), std::string(WireTypeName(own)),
          "the value is written in another way than the field's type is, and "
          "would be read as absent: the writer has another schema than it "
          "says");
      return WireFormatLite::SkipField(input, tag);
    }
    CheckRepeats(field, field_path, seen);
    if (wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t length;
      if (!input->ReadVarint32(&length) ||
          length >
              bytes.size() - static_cast<size_t>(input->CurrentPosition())) {
        return false;
      }
      const absl::string_view value =
          bytes.substr(static_cast<size_t>(input->CurrentPosition()), length);
      if (!input->Skip(static_cast<int>(length))) return false;
      return packed ? CheckPacked(value, field, field_path)
                    : CheckBytes(value, field, field_path, depth, seen);
    }
    return CheckNumber(field, own, field_path, input);
  }

  void CheckRepeats(const FieldDescriptor& field, const std::string& path,
                    Seen* seen) {
    if (field.is_repeated()) return;
    const OneofDescriptor* oneof = field.real_containing_oneof();
    const bool again = !seen->fields.insert(&field).second;
    if (again ||
        (oneof != nullptr && !seen->oneofs.emplace(oneof, &field).second)) {
      Add(rules::kDuplicateField, path,
          again ? "more than once"
                : absl::StrCat("with ", seen->oneofs[oneof]->name()),
          "once",
          "a reader would merge the values or keep the last one: the writer "
          "does not write this format rightly, save with another");
    }
  }

  bool CheckNumber(const FieldDescriptor& field, int wire_type,
                   const std::string& path, CodedInputStream* input) {
    uint32_t fixed32;
    uint64_t value;
    switch (wire_type) {
      case WireFormatLite::WIRETYPE_FIXED32:
        return input->ReadLittleEndian32(&fixed32);
      case WireFormatLite::WIRETYPE_FIXED64:
        return input->ReadLittleEndian64(&value);
      default:
        break;
    }
    if (!input->ReadVarint64(&value)) return false;
    if (!VarintFits(value, field)) {
      Add(rules::kValueMayNotFit, path, absl::StrCat(value), field.type_name(),
          "the value does not fit the field's type and would be cut: the "
          "writer has another schema than it says");
    } else if (field.enum_type() != nullptr &&
               field.enum_type()->FindValueByNumber(static_cast<int>(value)) ==
                   nullptr) {
      Add(rules::kEnumValueUnknown, path,
          absl::StrCat(static_cast<int64_t>(value)),
          field.enum_type()->full_name(),
          "enums are closed, and the schema does not name this value: update "
          "the reader, or do not use the value");
    }
    return true;
  }

  bool CheckPacked(absl::string_view bytes, const FieldDescriptor& field,
                   const std::string& path) {
    CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                           static_cast<int>(bytes.size()));
    const int own = WireFormat::WireTypeForFieldType(field.type());
    while (input.CurrentPosition() < static_cast<int>(bytes.size())) {
      if (!CheckNumber(field, own, path, &input)) return false;
    }
    return true;
  }

  bool CheckBytes(absl::string_view value, const FieldDescriptor& field,
                  const std::string& path, int depth, Seen* seen) {
    if (field.type() == FieldDescriptor::TYPE_STRING) {
      if (!IsValidUtf8(value)) {
        Add(rules::kNotUtf8, path, "other bytes", "string",
            "a string holds UTF-8 only: the field should be of type bytes");
      }
      return true;
    }
    if (field.message_type() == nullptr) return true;
    if (field.is_map()) CheckKey(value, field, path, seen);
    return Check(value, *field.message_type(), path, depth + 1);
  }

  // The serialized key is as good as its value here: what is written in a
  // non-canonical way is found when the entry is checked or does no harm.
  void CheckKey(absl::string_view entry, const FieldDescriptor& field,
                const std::string& path, Seen* seen) {
    CodedInputStream input(reinterpret_cast<const uint8_t*>(entry.data()),
                           static_cast<int>(entry.size()));
    std::string key;
    while (input.CurrentPosition() < static_cast<int>(entry.size())) {
      const uint32_t tag = input.ReadTag();
      if (tag == 0) return;
      const int start = input.CurrentPosition();
      if (!WireFormatLite::SkipField(&input, tag)) return;
      if (WireFormatLite::GetTagFieldNumber(tag) == 1) {
        key = Canonical(
            *field.message_type()->map_key(),
            entry.substr(static_cast<size_t>(start),
                         static_cast<size_t>(input.CurrentPosition() - start)));
      }
    }
    if (!seen->keys[&field].insert(key).second) {
      Add(rules::kDuplicateMapKey, path, "a key more than once", "once",
          "a reader would keep the last entry: the writer does not write this "
          "format rightly, save with another");
    }
  }

  // A varint can be written in several ways, and zero can be left out.
  static std::string Canonical(const FieldDescriptor& key,
                               absl::string_view bytes) {
    if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      return bytes == absl::string_view("\0", 1) ? "" : std::string(bytes);
    }
    if (WireFormat::WireTypeForFieldType(key.type()) !=
        WireFormatLite::WIRETYPE_VARINT) {
      return bytes.find_first_not_of('\0') == absl::string_view::npos
                 ? ""
                 : std::string(bytes);
    }
    CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                           static_cast<int>(bytes.size()));
    uint64_t value = 0;
    input.ReadVarint64(&value);
    return value == 0 ? "" : absl::StrCat(value);
  }

  void Add(const Rule& rule, const std::string& path, std::string written,
           std::string read, std::string text) {
    findings_.Add(rule, REFUSED, path, std::move(written), std::move(read),
                  std::move(text));
  }

  StreamFindings& findings_;
};

}  // namespace

bool CheckWire(absl::string_view message, const Descriptor& type,
               StreamFindings* findings) {
  return WireChecker(findings).Check(message, type, "", 1);
}

}  // namespace devstate
