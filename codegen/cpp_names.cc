// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/codegen/cpp_names.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;

constexpr const char* kKeywords[] = {
    "alignas",      "alignof",   "and",
    "and_eq",       "asm",       "auto",
    "bitand",       "bitor",     "bool",
    "break",        "case",      "catch",
    "char",         "class",     "compl",
    "const",        "constexpr", "const_cast",
    "continue",     "decltype",  "default",
    "delete",       "do",        "double",
    "dynamic_cast", "else",      "enum",
    "explicit",     "export",    "extern",
    "false",        "float",     "for",
    "friend",       "goto",      "if",
    "inline",       "int",       "long",
    "mutable",      "namespace", "new",
    "noexcept",     "not",       "not_eq",
    "nullptr",      "operator",  "or",
    "or_eq",        "private",   "protected",
    "public",       "register",  "reinterpret_cast",
    "return",       "short",     "signed",
    "sizeof",       "static",    "static_assert",
    "static_cast",  "struct",    "switch",
    "template",     "this",      "thread_local",
    "throw",        "true",      "try",
    "typedef",      "typeid",    "typename",
    "union",        "unsigned",  "using",
    "virtual",      "void",      "volatile",
    "wchar_t",      "while",     "xor",
    "xor_eq",
};

}  // namespace

std::string CppNamespace(const google::protobuf::FileDescriptor& file) {
  return absl::StrReplaceAll(file.package(), {{".", "::"}});
}

std::string MemberName(const FieldDescriptor& field) {
  return MemberName(field.name());
}

std::string MemberName(absl::string_view schema_name) {
  const std::string name = absl::AsciiStrToLower(schema_name);
  const bool keyword = std::find(std::begin(kKeywords), std::end(kKeywords),
                                 name) != std::end(kKeywords);
  return keyword ? name + "_" : name;
}

std::string WithoutProtoSuffix(absl::string_view file_name) {
  return std::string(absl::StripSuffix(file_name, ".proto"));
}

std::string HeaderGuard(absl::string_view file_name, absl::string_view suffix) {
  return absl::StrCat(
      absl::AsciiStrToUpper(absl::StrReplaceAll(
          WithoutProtoSuffix(file_name), {{"/", "_"}, {".", "_"}, {"-", "_"}})),
      suffix);
}

std::string ValueType(const FieldModel& field) {
  switch (field.descriptor->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "int32_t";
    case FieldDescriptor::CPPTYPE_INT64:
      return "int64_t";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "uint32_t";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "uint64_t";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "float";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "bool";
    case FieldDescriptor::CPPTYPE_ENUM:
      return ProtobufName(*field.descriptor->enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return "absl::string_view";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat(field.message->record_name, "Row");
  }
  return "";
}

std::string MemberType(const FieldModel& field) {
  switch (field.cardinality()) {
    case Cardinality::kOne:
      return ValueType(field);
    case Cardinality::kOptional:
      return absl::StrCat("std::optional<", ValueType(field), ">");
    case Cardinality::kRepeated:
      return absl::StrCat("absl::Span<const ", ValueType(field), ">");
  }
  return "";
}

}  // namespace devstate
