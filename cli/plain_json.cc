// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/plain_json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

// Deeper messages are left to protobuf, which has a limit of its own.
constexpr int kMaxDepth = 32;
// Of an integer that a double has, too.
constexpr size_t kExactDigits = 15;

}  // namespace

struct PlainJsonReader::Field {
  const FieldDescriptor* descriptor;
  // Both of its names.
  std::string name;
  std::string json_name;
};

struct PlainJsonReader::Type {
  std::vector<Field> fields;
  // Whether its JSON is not that of its fields, or names them in two ways.
  bool special = false;
};

// Reads one text. Each function returns false if what stands there is not
// plain.
class PlainJsonReader::Parser {
 public:
  Parser(PlainJsonReader* reader, absl::string_view text)
      : reader_(*reader), text_(text) {}

  bool Read(Message* message) {
    return ReadMessage(message, 0) && (SkipSpace(), at_ == text_.size());
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' ||
                                  text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  // Takes a character and the white space before it, if it is the next one.
  bool Take(char c) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // Takes a string of printable ASCII.
  bool TakeString(absl::string_view* value) {
    if (!Take('"')) return false;
    const size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        *value = text_.substr(begin, at_++ - begin);
        return true;
      }
      if (c < 0x20 || c >= 0x7f || c == '\\') return false;
    }
    return false;
  }

  // Takes the digits of an integer, which may be in quotation marks.
  bool TakeInteger(absl::string_view* value) {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '"') {
      if (!TakeString(value)) return false;
    } else {
      const size_t begin = at_;
      while (at_ < text_.size() && IsOfNumber(text_[at_])) ++at_;
      *value = text_.substr(begin, at_ - begin);
      // Whether a larger number becomes a double first is protobuf's choice.
      if (value->size() > kExactDigits) return false;
    }
    const absl::string_view digits =
        value->substr(value->empty() || value->front() != '-' ? 0 : 1);
    if (digits.empty()) return false;
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
    }
    // Neither -0 nor 007.
    return digits.front() != '0' || value->size() == 1;
  }
  // Also of those that are left to protobuf, so that none is cut in two.
  static bool IsOfNumber(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  template <typename T>
  bool TakeNumber(T* value) {
    absl::string_view text;
    return TakeInteger(&text) && absl::SimpleAtoi(text, value);
  }

  bool TakeBool(bool* value) {
    SkipSpace();
    const absl::string_view rest = text_.substr(at_);
    *value = rest.substr(0, 4) == "true";
    if (!*value && rest.substr(0, 5) != "false") return false;
    at_ += *value ? 4 : 5;
    return at_ < text_.size() && !IsOfNumber(text_[at_]);
  }

  bool TakeBytes(std::string* value) {
    absl::string_view text;
    // protobuf takes more than what it writes.
    return TakeString(&text) && absl::Base64Unescape(text, value) &&
           absl::Base64Escape(*value) == text;
  }

  bool ReadMessage(Message* message, int depth) {
    const Type& type = reader_.TypeOf(*message->GetDescriptor());
    if (type.special || depth > kMaxDepth || !Take('{')) return false;
    if (Take('}')) return true;
    const Reflection* reflection = message->GetReflection();
    std::vector<bool> seen(type.fields.size());
    size_t expected = 0;
    do {
      absl::string_view key;
      if (!TakeString(&key) || !Take(':')) return false;
      size_t index = 0;
      if (!Find(type, key, expected, &index) || seen[index]) return false;
      seen[index] = true;
      expected = index + 1;
      const FieldDescriptor* field = type.fields[index].descriptor;
      const auto* oneof = field->real_containing_oneof();
      if (oneof != nullptr && reflection->HasOneof(*message, oneof)) {
        return false;
      }
      if (!(field->is_repeated() ? ReadElements(message, field, depth)
                                 : ReadValue(message, field, depth))) {
        return false;
      }
    } while (Take(','));
    return Take('}');
  }

  // Looks at the fields from `expected` on first, because they come in order.
  static bool Find(const Type& type, absl::string_view key, size_t expected,
                   size_t* index) {
    const size_t count = type.fields.size();
    for (size_t i = 0; i < count; ++i) {
      *index = expected + i < count ? expected + i : expected + i - count;
      const Field& field = type.fields[*index];
      if (key == field.json_name || key == field.name) return true;
    }
    return false;
  }

  bool ReadElements(Message* message, const FieldDescriptor* field, int depth) {
    if (field->is_map() || !Take('[')) return false;
    if (Take(']')) return true;
    do {
      if (!ReadValue(message, field, depth)) return false;
    } while (Take(','));
    return Take(']');
  }

  // Sets a value, or adds it to those of a repeated field.
  bool ReadValue(Message* message, const FieldDescriptor* field, int depth) {
    const Reflection& fields = *message->GetReflection();
    const bool adds = field->is_repeated();
    const auto read = [&](auto value, bool (Parser::*take)(decltype(value)*),
                          auto add, auto set) {
      if (!(this->*take)(&value)) return false;
      (fields.*(adds ? add : set))(message, field, value);
      return true;
    };
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return read(int32_t{}, &Parser::TakeNumber<int32_t>,
                    &Reflection::AddInt32, &Reflection::SetInt32);
      case FieldDescriptor::CPPTYPE_UINT32:
        return read(uint32_t{}, &Parser::TakeNumber<uint32_t>,
                    &Reflection::AddUInt32, &Reflection::SetUInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return read(int64_t{}, &Parser::TakeNumber<int64_t>,
                    &Reflection::AddInt64, &Reflection::SetInt64);
      case FieldDescriptor::CPPTYPE_UINT64:
        return read(uint64_t{}, &Parser::TakeNumber<uint64_t>,
                    &Reflection::AddUInt64, &Reflection::SetUInt64);
      case FieldDescriptor::CPPTYPE_BOOL:
        return read(bool{}, &Parser::TakeBool, &Reflection::AddBool,
                    &Reflection::SetBool);
      case FieldDescriptor::CPPTYPE_ENUM: {
        absl::string_view name;
        if (!TakeString(&name)) return false;
        const EnumValueDescriptor* value =
            field->enum_type()->FindValueByName(std::string(name));
        if (value == nullptr) return false;
        if (adds) {
          fields.AddEnum(message, field, value);
        } else {
          fields.SetEnum(message, field, value);
        }
        return true;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string value;
        if (field->type() == FieldDescriptor::TYPE_BYTES) {
          if (!TakeBytes(&value)) return false;
        } else {
          absl::string_view text;
          if (!TakeString(&text)) return false;
          value.assign(text.data(), text.size());
        }
        if (adds) {
          fields.AddString(message, field, std::move(value));
        } else {
          fields.SetString(message, field, std::move(value));
        }
        return true;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadMessage(adds ? fields.AddMessage(message, field)
                                : fields.MutableMessage(message, field),
                           depth + 1);
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        break;
    }
    return false;
  }

  PlainJsonReader& reader_;
  const absl::string_view text_;
  size_t at_ = 0;
};

PlainJsonReader::PlainJsonReader() = default;
PlainJsonReader::~PlainJsonReader() = default;

const PlainJsonReader::Type& PlainJsonReader::TypeOf(const Descriptor& type) {
  std::unique_ptr<const Type>& known = types_[&type];
  if (known == nullptr) {
    auto added = std::make_unique<Type>();
    // Timestamp and others have a JSON of their own.
    added->special = type.file()->package() == "google.protobuf";
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      added->fields.push_back(
          {field, std::string(field->name()), std::string(field->json_name())});
      const auto* other = type.FindFieldByName(field->json_name());
      if (other != nullptr && other != field) added->special = true;
    }
    known = std::move(added);
  }
  return *known;
}

bool PlainJsonReader::Read(absl::string_view json, Message* message) {
  return Parser(this, json).Read(message);
}

}  // namespace devstate
