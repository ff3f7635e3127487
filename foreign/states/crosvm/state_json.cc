// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/state_json.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/foreign/sax_source.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate::crosvm {
namespace {

using Json = nlohmann::json;

// The device's own states stay far below.
constexpr size_t kMaxDepth = 64;
constexpr size_t kOutputPiece = size_t{64} << 10;

// Writes what is read as JSON, and keeps the facts.
class Handler : public nlohmann::json_sax<Json> {
 public:
  // `output` may be null.
  explicit Handler(ByteSink* output) : output_(output) {}

  bool null() override { return Value("null"); }
  bool boolean(bool value) override { return Value(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return Value(absl::StrCat(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (stack_.size() == 1 && stack_[0].key == "acked_features") {
      facts.acked_features = value;
    }
    if (stack_.size() == 1 && stack_[0].key == "acked_protocol_features") {
      facts.acked_protocol_features = value;
    }
    return Value(absl::StrCat(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return Value(Json(value).dump());
  }
  bool string(string_t& value) override { return Value(Quoted(value)); }
  bool binary(binary_t& value) override {
    return Value(Quoted(absl::BytesToHexString(absl::string_view(
        reinterpret_cast<const char*>(value.data()), value.size()))));
  }
  bool start_object(size_t) override { return Open('{', true); }
  bool start_array(size_t) override { return Open('[', false); }
  bool end_object() override { return Close('}'); }
  bool end_array() override { return Close(']'); }
  bool key(string_t& name) override {
    Frame& top = stack_.back();
    if (!top.keys.insert(name).second) {
      return Fail(absl::StrCat("the key ", Quoted(name), " is there twice"));
    }
    top.key = name;
    if (stack_.size() == 1) facts.root_keys.push_back(name);
    if (stack_.size() == 2 &&
        (stack_[0].key == kBackendKey || stack_[0].key == kInnerDeviceKey)) {
      facts.device_keys.insert(name);
    }
    NewLine();
    Put(absl::StrCat(Quoted(name), ": "));
    top.after_key = true;
    return true;
  }
  bool parse_error(size_t, const std::string&,
                   const Json::exception& error) override {
    if (!text.empty()) return false;
    text = SaxErrorText(error.what());
    return false;
  }

  absl::Status Finish() {
    Put("\n");
    Flush();
    return status_;
  }

  // The error in words, unless the sink failed.
  std::string text;
  StateFacts facts;

  const absl::Status& status() const { return status_; }

 private:
  struct Frame {
    bool is_object = false;
    bool any = false;
    bool after_key = false;
    std::string key;
    std::set<std::string> keys;
  };

  static std::string Quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  bool Fail(std::string why) {
    text = std::move(why);
    return false;
  }

  void NewLine() {
    Frame& top = stack_.back();
    Put(top.any ? ",\n" : "\n");
    top.any = true;
    Put(std::string(2 * stack_.size(), ' '));
  }

  void BeforeValue() {
    if (stack_.empty()) return;
    Frame& top = stack_.back();
    if (top.is_object) {
      top.after_key = false;
      return;
    }
    // Bytes are arrays of numbers, so elements share a line.
    if (top.any) Put(", ");
    top.any = true;
  }

  bool Value(absl::string_view text_of_value) {
    BeforeValue();
    Put(text_of_value);
    return status_.ok();
  }

  bool Open(char bracket, bool is_object) {
    if (stack_.size() >= kMaxDepth) return Fail("nested too deeply");
    BeforeValue();
    Put(absl::string_view(&bracket, 1));
    stack_.emplace_back();
    stack_.back().is_object = is_object;
    return status_.ok();
  }

  bool Close(char bracket) {
    const bool lines = stack_.back().is_object && stack_.back().any;
    stack_.pop_back();
    if (lines) Put(absl::StrCat("\n", std::string(2 * stack_.size(), ' ')));
    Put(absl::string_view(&bracket, 1));
    return status_.ok();
  }

  void Put(absl::string_view part) {
    if (output_ == nullptr) return;
    buffer_.append(part.data(), part.size());
    if (buffer_.size() >= kOutputPiece) Flush();
  }

  void Flush() {
    if (output_ == nullptr || !status_.ok()) return;
    status_ = output_->Write(buffer_);
    buffer_.clear();
  }

  ByteSink* const output_;
  std::string buffer_;
  std::vector<Frame> stack_;
  absl::Status status_;
};

// What is written, up to a limit.
class LimitedText : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    if (bytes.size() > kMaxStateJson - text.size()) {
      return StreamError(
          {ERROR_REASON_LIMIT},
          absl::StrCat("a state of crosvm that takes more than ",
                       kMaxStateJson >> 20,
                       " MiB as JSON, the most that is converted: let the "
                       "guest take the input of its console and save again"));
    }
    text.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }

  std::string text;
};

}  // namespace

absl::StatusOr<StateFacts> ReadStateJson(ByteSource& input, ByteSink* output) {
  SaxSource source(&input);
  Handler handler(output);
  const bool parsed = source.Parse(&handler, Json::input_format_t::cbor);
  DS_RETURN_IF_ERROR(source.status());
  DS_RETURN_IF_ERROR(handler.status());
  if (!parsed) return source.Damaged("a state of crosvm", handler.text);
  DS_RETURN_IF_ERROR(handler.Finish());
  handler.facts.bytes = source.offset();
  return std::move(handler.facts);
}

absl::StatusOr<ParsedState> ParseState(ByteSource& input) {
  LimitedText json;
  ParsedState state;
  DS_ASSIGN_OR_RETURN(state.facts, ReadStateJson(input, &json));
  state.json = Json::parse(json.text);
  return state;
}

}  // namespace devstate::crosvm
