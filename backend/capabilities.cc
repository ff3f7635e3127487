// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/capabilities.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/json_text.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {

absl::StatusOr<Manifest> ParseOwnManifest(absl::string_view json) {
  Manifest manifest;
  const auto status =
      google::protobuf::util::JsonStringToMessage(std::string(json), &manifest);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a manifest: ", std::string(status.message())));
  }
  return manifest;
}

std::string CapabilitiesJson(const std::string& type,
                             const std::vector<std::string>& features,
                             Manifest manifest) {
  Capabilities capabilities;
  capabilities.set_type(type);
  for (const std::string& feature : features) {
    capabilities.add_features(feature);
  }
  for (ManifestVersion& version : *manifest.mutable_versions()) {
    version.clear_descriptor_set();
  }
  *capabilities.mutable_devstate() = std::move(manifest);
  JsonStyle style;
  style.indented = true;
  // Fails on invalid UTF-8 only, which no manifest and no flag holds.
  return JsonText(capabilities, style).value_or("");
}

}  // namespace devstate
