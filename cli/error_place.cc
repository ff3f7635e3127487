// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/error_place.h"

#include <utility>

#include "absl/strings/cord.h"

namespace devstate {
namespace {

constexpr char kTypeUrl[] = "devstate.cli/file";

}  // namespace

absl::Status AboutFile(absl::string_view name, absl::Status status) {
  if (!status.ok() && !FileOf(status).has_value()) {
    status.SetPayload(kTypeUrl, absl::Cord(name));
  }
  return status;
}

absl::Status NamesItsPlace(absl::Status status) {
  return AboutFile("", std::move(status));
}

absl::optional<std::string> FileOf(const absl::Status& status) {
  const absl::optional<absl::Cord> file = status.GetPayload(kTypeUrl);
  if (!file.has_value()) return absl::nullopt;
  return std::string(*file);
}

}  // namespace devstate
