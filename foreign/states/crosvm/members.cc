// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/members.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/serializer/stream_error.h"

namespace devstate::crosvm {
namespace {

using Json = nlohmann::json;

const Json& Nothing() {
  static const auto& nothing = *new Json();
  return nothing;
}

const Json& NoElements() {
  static const auto& none = *new Json(Json::array());
  return none;
}

bool HasExactly(const Json& json,
                std::initializer_list<absl::string_view> names) {
  return json.is_object() && json.size() == names.size() &&
         std::all_of(names.begin(), names.end(), [&](absl::string_view name) {
           return json.contains(std::string(name));
         });
}

}  // namespace

absl::Status NotWrittenByCrosvm(absl::string_view path,
                                absl::string_view what) {
  return StreamError(
      {ERROR_REASON_MALFORMED},
      absl::StrCat("not a state of crosvm as devstate knows it: ", path, ": ",
                   what));
}

Members::Members(const Json& json, std::string path,
                 std::initializer_list<absl::string_view> names,
                 absl::Status* status)
    : json_(json), path_(std::move(path)), status_(*status) {
  if (!status_.ok() || HasExactly(json, names)) return;
  status_ = NotWrittenByCrosvm(
      path_, absl::StrCat("expected a map of ", absl::StrJoin(names, ", ")));
}

std::string Members::PathOf(absl::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

std::string Members::PathOf(absl::string_view name, size_t index) const {
  return absl::StrCat(PathOf(name), "[", index, "]");
}

void Members::Fail(absl::string_view name, absl::string_view what) {
  if (status_.ok()) status_ = NotWrittenByCrosvm(PathOf(name), what);
}

const Json& Members::Any(const char* name) {
  return status_.ok() ? json_.at(name) : Nothing();
}

uint64_t Members::Number(const char* name, uint64_t min, uint64_t max) {
  const Json& value = Any(name);
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number >= min && number <= max) return number;
  }
  Fail(name, absl::StrCat("expected a number from ", min, " to ", max));
  return 0;
}

uint8_t Members::U8(const char* name) {
  return static_cast<uint8_t>(Number(name, 0, UINT8_MAX));
}

uint16_t Members::U16(const char* name) {
  return static_cast<uint16_t>(Number(name, 0, UINT16_MAX));
}

uint32_t Members::U32(const char* name) {
  return static_cast<uint32_t>(Number(name, 0, UINT32_MAX));
}

uint64_t Members::U64(const char* name) { return Number(name, 0, UINT64_MAX); }

bool Members::Bool(const char* name) {
  const Json& value = Any(name);
  if (value.is_boolean()) return value.get<bool>();
  Fail(name, "expected true or false");
  return false;
}

std::string Members::Text(const char* name) {
  const Json& value = Any(name);
  if (value.is_string()) return value.get<std::string>();
  Fail(name, "expected text");
  return "";
}

const Json& Members::List(const char* name) {
  const Json& value = Any(name);
  if (value.is_array()) return value;
  Fail(name, "expected a list");
  return NoElements();
}

std::string Members::Bytes(const char* name) {
  const Json& list = List(name);
  std::string bytes;
  bytes.reserve(list.size());
  for (const Json& byte : list) {
    if (!byte.is_number_unsigned() || byte.get<uint64_t>() > UINT8_MAX) {
      Fail(name, "expected numbers below 256");
      return "";
    }
    bytes.push_back(static_cast<char>(byte.get<uint64_t>()));
  }
  return bytes;
}

}  // namespace devstate::crosvm
