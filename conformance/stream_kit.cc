// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/stream_kit.h"

#include <fstream>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate::conformance {
namespace {

using Json = nlohmann::json;

struct NamedSchema {
  std::string descriptor_set;
  std::string root;
};

// Calls `take` with each line of a file.
absl::Status ReadLines(const std::string& path,
                       const std::function<absl::Status(const Json&)>& take) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(
        path, ": cannot be read: name the folder with cases.jsonl"));
  }
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    absl::Status status = json.is_object()
                              ? take(json)
                              : absl::InvalidArgumentError("no JSON object");
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", number, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

std::string Text(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>()
                                                   : "";
}

absl::Status Bytes(const Json& json, const char* name, std::string* bytes) {
  if (absl::Base64Unescape(Text(json, name), bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is no base64"));
}

std::vector<std::string> Texts(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const auto found = json.find(name);
  if (found == json.end() || !found->is_array()) return texts;
  for (const Json& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

absl::StatusOr<StreamCase> ParseCase(
    const Json& json, const std::map<std::string, NamedSchema>& schemas) {
  StreamCase made;
  made.name = Text(json, "name");
  made.level = Text(json, "level");
  made.actions = Texts(json, "do");
  made.reasons = Texts(json, "refuse");
  made.fingerprint = Text(json, "fingerprint");
  if (made.name.empty() || made.actions.empty()) {
    return absl::InvalidArgumentError("a case has a name and something to do");
  }
  DS_RETURN_IF_ERROR(Bytes(json, "stream", &made.stream));
  DS_RETURN_IF_ERROR(Bytes(json, "canonical", &made.canonical));
  if (json.contains("value")) {
    made.value = json["value"].dump(-1, ' ', true);
  }
  if (json.contains("descriptor_set")) {
    DS_RETURN_IF_ERROR(Bytes(json, "descriptor_set", &made.schema));
    made.root = Text(json, "root");
  } else if (json.contains("schema")) {
    const auto found = schemas.find(Text(json, "schema"));
    if (found == schemas.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "schemas.jsonl has no schema \"", Text(json, "schema"), "\""));
    }
    made.schema = found->second.descriptor_set;
    made.root = found->second.root;
  }
  return made;
}

}  // namespace

absl::StatusOr<std::vector<StreamCase>> LoadStreamCases(
    const std::string& folder) {
  std::map<std::string, NamedSchema> schemas;
  DS_RETURN_IF_ERROR(
      ReadLines(absl::StrCat(folder, "/schemas.jsonl"),
                [&schemas](const Json& json) -> absl::Status {
                  NamedSchema& schema = schemas[Text(json, "name")];
                  schema.root = Text(json, "root");
                  return Bytes(json, "descriptor_set", &schema.descriptor_set);
                }));
  std::vector<StreamCase> cases;
  DS_RETURN_IF_ERROR(ReadLines(absl::StrCat(folder, "/cases.jsonl"),
                               [&](const Json& json) -> absl::Status {
                                 DS_ASSIGN_OR_RETURN(StreamCase made,
                                                     ParseCase(json, schemas));
                                 cases.push_back(std::move(made));
                                 return absl::OkStatus();
                               }));
  return cases;
}

}  // namespace devstate::conformance
