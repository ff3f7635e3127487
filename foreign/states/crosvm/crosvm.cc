// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/crosvm.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
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

// A map of three with text keys, in this order.
constexpr absl::string_view kStart =
    "\xa3\x6e"
    "acked_features";
constexpr absl::string_view kSecond =
    "\x77"
    "acked_protocol_features";

// Writes what is read as JSON, and keeps what `info` shows.
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
      acked_features = value;
    }
    if (stack_.size() == 1 && stack_[0].key == "acked_protocol_features") {
      acked_protocol_features = value;
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
    if (stack_.size() == 1) root_keys.push_back(name);
    if (stack_.size() == 2 && stack_[0].key == "backend") {
      backend_keys.insert(name);
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
  std::vector<std::string> root_keys;
  std::set<std::string> backend_keys;
  // Not set for what is no number.
  absl::optional<uint64_t> acked_features;
  absl::optional<uint64_t> acked_protocol_features;

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

// By the names of the fields, which are all that tells the devices apart.
absl::string_view DeviceOf(const std::set<std::string>& keys) {
  if (keys.empty()) return "without a state of the device";
  if (keys.count("ports") != 0) return "console";
  if (keys.count("acked_feature") != 0) return "net";
  if (keys.count("avail_features") != 0) return "block";
  return "of an unknown device";
}

absl::StatusOr<ForeignReport> Read(const OpenSource& input, ByteSink* output) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> bytes, input());
  SaxSource source(bytes.get());
  Handler handler(output);
  const bool parsed = source.Parse(&handler, Json::input_format_t::cbor);
  DS_RETURN_IF_ERROR(source.status());
  DS_RETURN_IF_ERROR(handler.status());
  if (!parsed) return source.Damaged("a state of crosvm", handler.text);
  if (handler.root_keys != std::vector<std::string>{"acked_features",
                                                    "acked_protocol_features",
                                                    "backend"} ||
      !handler.acked_features.has_value() ||
      !handler.acked_protocol_features.has_value()) {
    return StreamError({ERROR_REASON_MALFORMED},
                       "not a state of crosvm: it has other fields than the "
                       "numbers acked_features and acked_protocol_features, "
                       "and backend");
  }
  DS_RETURN_IF_ERROR(handler.Finish());
  ForeignReport report;
  report.version = DeviceOf(handler.backend_keys);
  report.records = 1;
  report.bytes = source.offset();
  report.numbers = {
      {"acked_features", *handler.acked_features},
      {"acked_protocol_features", *handler.acked_protocol_features}};
  report.verdict.set_level(VERDICT_LEVEL_COMPATIBLE);
  return report;
}

absl::StatusOr<ForeignReport> Check(const OpenSource& input) {
  return Read(input, nullptr);
}

absl::Status Show(const OpenSource& input, ByteSink* output) {
  DS_RETURN_IF_ERROR(Read(input, nullptr).status());
  return Read(input, output).status();
}

bool MayBeState(absl::string_view first_bytes) {
  return absl::StartsWith(first_bytes, kStart) &&
         absl::StrContains(first_bytes, kSecond);
}

}  // namespace

const ForeignFormat& Format() {
  static const auto& format = *new ForeignFormat{
      /*name=*/"crosvm",
      /*schema=*/"",
      /*versions=*/{},
      /*recognise=*/MayBeState,
      /*check=*/Check,
      /*import_state=*/nullptr,
      /*export_state=*/nullptr,
      /*show=*/Show,
  };
  return format;
}

}  // namespace devstate::crosvm
