// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/proto_text.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::FileDescriptorProto;
using ::google::protobuf::FileDescriptorSet;
using ::google::protobuf::Message;
using ::google::protobuf::UninterpretedOption;
using ::google::protobuf::io::ArrayInputStream;
using ::google::protobuf::io::Tokenizer;

class IgnoredErrors : public TextErrorCollector {
  void TakeError(int, int, ProtobufText) override {}
};

// protobuf's parser of messages gives up at 100 levels, so this ends.
absl::Status CheckMessage(absl::string_view path, const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    const auto check = [&path](const Message& value) -> absl::Status {
      if (value.GetDescriptor() != UninterpretedOption::descriptor()) {
        return CheckMessage(path, value);
      }
      const auto& option = static_cast<const UninterpretedOption&>(value);
      if (CheckNesting(option.aggregate_value()).ok()) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": an option that is still text has more than ",
                       kMaxOpenBrackets, " open brackets, which none needs"));
    };
    const auto& reflection = *message.GetReflection();
    if (!field->is_repeated()) {
      DS_RETURN_IF_ERROR(check(reflection.GetMessage(message, field)));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      DS_RETURN_IF_ERROR(
          check(reflection.GetRepeatedMessage(message, field, i)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNesting(absl::string_view text) {
  ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  IgnoredErrors errors;
  Tokenizer tokenizer(&input, &errors);
  int open = 0;
  while (tokenizer.Next()) {
    const Tokenizer::Token& token = tokenizer.current();
    if (token.type != Tokenizer::TYPE_SYMBOL) continue;
    const char symbol = token.text[0];
    if (symbol == '{' || symbol == '[' || symbol == '<' || symbol == '(') {
      ++open;
    } else if (symbol == '}' || symbol == ']' || symbol == '>' ||
               symbol == ')') {
      --open;
    }
    if (open > kMaxOpenBrackets) {
      return absl::InvalidArgumentError(absl::StrCat(
          token.line + 1, ":", token.column + 1, ": more than ",
          kMaxOpenBrackets,
          " brackets are open here: put messages beside each other"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNestingOfOptions(absl::string_view path,
                                   const FileDescriptorSet& set) {
  return CheckMessage(path, set);
}

bool ParseAlone(const std::string& text, FileDescriptorProto* file) {
  if (!CheckNesting(text).ok()) return false;
  ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  IgnoredErrors errors;
  Tokenizer tokenizer(&input, &errors);
  return google::protobuf::compiler::Parser().Parse(&tokenizer, file);
}

}  // namespace devstate
