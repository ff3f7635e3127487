// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/containers/snapshot/snapshot.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/foreign/sax_source.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

using Json = nlohmann::json;

constexpr absl::string_view kState = "backend_state";
// Keys of cloud-hypervisor's tree, which name no device.
constexpr absl::string_view kPlainKeys[] = {"snapshots", "snapshot_data",
                                            "state"};
constexpr size_t kMaxDepth = 256;
// Parts of the tree are JSON within a string.
constexpr int kMaxWithin = 4;

class Handler : public nlohmann::json_sax<Json> {
 public:
  std::vector<SnapshotState>& states() { return states_; }
  const absl::Status& status() const { return status_; }
  const std::string& text() const { return text_; }

  bool null() override { return Other(); }
  bool boolean(bool) override { return Other(); }
  bool number_integer(number_integer_t) override { return Other(); }
  bool number_float(number_float_t, const string_t&) override {
    return Other();
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!collecting_) return Other();
    if (value > 0xff) return Fail("a byte above 255");
    const char byte = static_cast<char>(value);
    return Append(absl::string_view(&byte, 1));
  }
  bool string(string_t& value) override {
    if (collecting_) return Fail("a text among bytes");
    if (!absl::StartsWith(value, "{") || !absl::StrContains(value, kState)) {
      return true;
    }
    if (within_ == kMaxWithin) return Fail("texts within texts");
    ++within_;
    const bool parsed = Json::sax_parse(value, this);
    --within_;
    return parsed;
  }
  bool binary(binary_t& value) override {
    if (collecting_) return Fail("a byte string among bytes");
    if (!AtState()) return true;
    return Start() &&
           Append(absl::string_view(reinterpret_cast<const char*>(value.data()),
                                    value.size())) &&
           End();
  }
  bool start_object(size_t) override {
    if (collecting_) return Fail("an object among bytes");
    return Push();
  }
  bool start_array(size_t) override {
    if (collecting_) return Fail("an array among bytes");
    return AtState() ? Start() : Push();
  }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool end_array() override {
    if (collecting_) return End();
    keys_.pop_back();
    return true;
  }
  bool key(string_t& name) override {
    keys_.back() = name;
    return true;
  }
  bool parse_error(size_t, const std::string&,
                   const Json::exception& error) override {
    if (text_.empty()) text_ = SaxErrorText(error.what());
    return false;
  }

 private:
  bool Fail(absl::string_view what) {
    text_ = absl::StrCat(what, " in ", kState);
    return false;
  }
  bool Other() { return collecting_ ? Fail("no number of a byte") : true; }
  bool AtState() const { return !keys_.empty() && keys_.back() == kState; }

  bool Push() {
    if (keys_.size() >= kMaxDepth) {
      text_ = "nested too deeply";
      return false;
    }
    keys_.emplace_back();
    return true;
  }

  bool Exhausted(absl::string_view of_what, size_t limit) {
    status_ = absl::ResourceExhaustedError(
        absl::StrCat("a snapshot with more ", of_what, " than the limit, ",
                     limit, ": take the state out of it by hand"));
    return false;
  }

  bool Start() {
    std::vector<std::string> names;
    for (const std::string& key : keys_) {
      const bool plain = key.empty() || key == kState ||
                         std::find(std::begin(kPlainKeys), std::end(kPlainKeys),
                                   key) != std::end(kPlainKeys);
      if (!plain) names.push_back(key);
    }
    const std::string keys =
        names.empty() ? "device" : absl::StrJoin(names, "/");
    if (keys.size() > kMaxSnapshotName) {
      return Exhausted("bytes in the name of a device", kMaxSnapshotName);
    }
    if (states_.size() == kMaxSnapshotDevices) {
      return Exhausted("states", kMaxSnapshotDevices);
    }
    // Another device may have the name that a number would make.
    std::string device = keys;
    uint32_t& next = next_numbers_.try_emplace(keys, 1).first->second;
    while (!devices_.insert(device).second) {
      device = absl::StrCat(keys, "#", next++);
    }
    collecting_ = true;
    states_.push_back({std::move(device), ""});
    return true;
  }

  bool Append(absl::string_view bytes) {
    total_ += bytes.size();
    if (total_ > kMaxSnapshotStates) {
      return Exhausted("bytes of states", kMaxSnapshotStates);
    }
    states_.back().bytes.append(bytes.data(), bytes.size());
    return true;
  }

  bool End() {
    collecting_ = false;
    return true;
  }

  std::vector<SnapshotState> states_;
  // The names of states_, and the next number for each that occurred.
  std::set<std::string> devices_;
  std::map<std::string, uint32_t> next_numbers_;
  // The key of each open object; empty for an array.
  std::vector<std::string> keys_;
  bool collecting_ = false;
  int within_ = 0;
  size_t total_ = 0;
  std::string text_;
  absl::Status status_;
};

std::string Names(const std::vector<SnapshotState>& states) {
  return absl::StrJoin(
      states, ", ", [](std::string* out, const SnapshotState& state) {
        absl::StrAppend(out, absl::Utf8SafeCEscape(state.device));
      });
}

}  // namespace

absl::StatusOr<std::vector<SnapshotState>> ReadSnapshot(ByteSource& source,
                                                        SnapshotForm form) {
  SaxSource bytes(&source);
  Handler handler;
  const bool parsed = bytes.Parse(&handler, form == SnapshotForm::kJson
                                                ? Json::input_format_t::json
                                                : Json::input_format_t::cbor);
  DS_RETURN_IF_ERROR(bytes.status());
  DS_RETURN_IF_ERROR(handler.status());
  const char* const name =
      form == SnapshotForm::kJson ? "JSON" : "a snapshot of crosvm";
  if (!parsed) return bytes.Damaged(name, handler.text());
  if (handler.states().empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " without a back-end's state (", kState,
        "): a snapshot of cloud-hypervisor has one in its state.json if a "
        "vhost-user device could save it; a state's own JSON is for devstate "
        "encode"));
  }
  return std::move(handler.states());
}

absl::StatusOr<const SnapshotState*> FindSnapshotState(
    const std::vector<SnapshotState>& states, absl::string_view device) {
  if (device.empty()) {
    if (states.size() == 1) return &states[0];
    return absl::FailedPreconditionError(
        absl::StrCat("several devices have a state; name one with --device: ",
                     Names(states)));
  }
  for (const SnapshotState& state : states) {
    if (state.device == device) return &state;
  }
  return absl::NotFoundError(absl::StrCat("no state of a device \"",
                                          absl::Utf8SafeCEscape(device),
                                          "\"; there is: ", Names(states)));
}

}  // namespace devstate
