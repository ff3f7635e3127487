// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/json_keys.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using Json = nlohmann::json;

// protobuf's own parser takes no more.
constexpr size_t kMaxDepth = 100;

const FieldDescriptor* FindField(const Descriptor& type,
                                 const std::string& name) {
  if (const auto* field = type.FindFieldByName(name)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) return type.field(i);
  }
  return nullptr;
}

class Handler : public nlohmann::json_sax<Json> {
 public:
  explicit Handler(const Descriptor& root) : root_(root) {}

  const absl::Status& status() const { return status_; }

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(number_integer_t) override { return Value(); }
  bool number_unsigned(number_unsigned_t) override { return Value(); }
  bool number_float(number_float_t, const string_t&) override {
    return Value();
  }
  bool string(string_t&) override { return Value(); }
  bool binary(binary_t&) override { return Value(); }

  bool start_object(size_t) override {
    Frame frame;
    if (stack_.empty()) {
      frame.type = &root_;
    } else if (const FieldDescriptor* field = stack_.back().field) {
      const Frame& outer = stack_.back();
      const Descriptor* type = field->message_type();
      if (field->is_map() && !outer.is_map && !outer.is_list) {
        frame.is_map = true;
        frame.field = type->map_value();
      } else {
        frame.type = type;
      }
    }
    return Push(std::move(frame));
  }
  bool start_array(size_t) override {
    Frame frame;
    frame.is_list = true;
    if (!stack_.empty()) frame.field = stack_.back().field;
    return Push(std::move(frame));
  }
  bool end_object() override { return Pop(); }
  bool end_array() override { return Pop(); }

  bool key(string_t& name) override {
    Frame& top = stack_.back();
    top.key = name;
    std::string unique = name;
    if (top.type != nullptr) {
      top.field = FindField(*top.type, name);
      if (top.field != nullptr) unique = top.field->name();
    }
    if (top.keys.insert(unique).second) return true;
    status_ = ThereTwice(Path());
    return false;
  }

  bool parse_error(size_t, const std::string&,
                   const Json::exception&) override {
    return false;
  }

 private:
  // An open object or array.
  struct Frame {
    // The message that the object is; null for a map, and for what the parser
    // does not know or takes as it is.
    const Descriptor* type = nullptr;
    // The field of the current key, or that of all elements.
    const FieldDescriptor* field = nullptr;
    bool is_map = false;
    bool is_list = false;
    std::string key;
    size_t elements = 0;
    std::set<std::string> keys;
  };

  bool Value() {
    if (!stack_.empty()) ++stack_.back().elements;
    return true;
  }
  bool Push(Frame frame) {
    if (stack_.size() >= kMaxDepth) return false;
    stack_.push_back(std::move(frame));
    return true;
  }
  bool Pop() {
    stack_.pop_back();
    return Value();
  }

  std::string Path() const {
    std::string path;
    for (const Frame& frame : stack_) {
      if (frame.is_list) {
        absl::StrAppend(&path, "[", frame.elements, "]");
      } else {
        absl::StrAppend(&path, path.empty() ? "" : ".",
                        absl::Utf8SafeCEscape(frame.key));
      }
    }
    return path;
  }

  const Descriptor& root_;
  std::vector<Frame> stack_;
  absl::Status status_;
};

}  // namespace

absl::Status ThereTwice(absl::string_view path) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is there twice: only one of them can be meant"));
}

absl::Status CheckKeysOnce(absl::string_view json, const Descriptor& root) {
  Handler handler(root);
  Json::sax_parse(json.begin(), json.end(), &handler);
  return handler.status();
}

}  // namespace devstate
