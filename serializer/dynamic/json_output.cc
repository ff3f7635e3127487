// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/json_output.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"

namespace devstate::dynamic {
namespace {

// Returns what protobuf makes of the value of `wrapper`. It is slow, and serves
// the values whose text is not obvious.
template <typename Wrapper>
std::string ProtobufText(const Wrapper& wrapper) {
  std::string text;
  // Nothing of a wrapper of a number or of UTF-8 can fail.
  (void)google::protobuf::util::MessageToJsonString(wrapper, &text);
  return text;
}

// Returns how a character of ASCII is written in a string; empty if only
// protobuf says so.
absl::string_view Escaped(unsigned char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    default:
      return {};
  }
}

bool IsPlain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && Escaped(c).empty();
}

}  // namespace

void JsonOutput::NewLine() {
  text_ += '\n';
  text_.append(static_cast<size_t>(depth_), ' ');
}

void JsonOutput::Open(char bracket) {
  text_ += bracket;
  ++depth_;
  has_items_ = false;
}

void JsonOutput::Close(char bracket) {
  --depth_;
  if (has_items_) NewLine();
  text_ += bracket;
  has_items_ = true;
}

void JsonOutput::Item() {
  if (has_items_) text_ += ',';
  NewLine();
  has_items_ = true;
}

void JsonOutput::Key(absl::string_view key) {
  Item();
  if (!key.empty() && key.front() == '"') {
    absl::StrAppend(&text_, key, ": ");
  } else {
    absl::StrAppend(&text_, "\"", key, "\": ");
  }
}

void JsonOutput::Number(int32_t value) { absl::StrAppend(&text_, value); }

void JsonOutput::Number(uint32_t value) { absl::StrAppend(&text_, value); }

void JsonOutput::Number(int64_t value) {
  absl::StrAppend(&text_, "\"", value, "\"");
}

void JsonOutput::Number(uint64_t value) {
  absl::StrAppend(&text_, "\"", value, "\"");
}

void JsonOutput::Number(bool value) { text_ += value ? "true" : "false"; }

void JsonOutput::Number(float value) {
  google::protobuf::FloatValue wrapper;
  wrapper.set_value(value);
  text_ += ProtobufText(wrapper);
}

void JsonOutput::Number(double value) {
  google::protobuf::DoubleValue wrapper;
  wrapper.set_value(value);
  text_ += ProtobufText(wrapper);
}

void JsonOutput::String(absl::string_view value) {
  const size_t start = text_.size();
  text_ += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(byte)) {
      text_ += c;
    } else if (const absl::string_view escaped = Escaped(byte);
               !escaped.empty()) {
      absl::StrAppend(&text_, escaped);
    } else {
      google::protobuf::StringValue wrapper;
      wrapper.set_value(value.data(), value.size());
      text_.resize(start);
      text_ += ProtobufText(wrapper);
      return;
    }
  }
  text_ += '"';
}

void JsonOutput::Bytes(absl::string_view value) {
  absl::StrAppend(&text_, "\"", absl::Base64Escape(value), "\"");
}

}  // namespace devstate::dynamic
