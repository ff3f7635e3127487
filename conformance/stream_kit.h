// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_STREAM_KIT_H_
#define DEVSTATE_CONFORMANCE_STREAM_KIT_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace devstate::conformance {

// A line of cases.jsonl (conformance/streams/README.md).
struct StreamCase {
  std::string name;
  // The level, "required", "recommended" or "rounds".
  std::string level;
  // The actions to ask of an implementation. All are answered likewise.
  std::vector<std::string> actions;
  // The FileDescriptorSet and its root message; empty: the stream carries it.
  std::string schema;
  std::string root;
  std::string stream;
  // The reasons of which one must be given; empty if the stream is accepted.
  std::vector<std::string> reasons;
  // The JSON of the state; none: any state will do.
  std::optional<std::string> value;
  // The answers for a schema: the fingerprint in hexadecimal, and the canonical
  // form.
  std::string fingerprint;
  std::string canonical;
};

// Reads cases.jsonl and schemas.jsonl of a folder. INVALID_ARGUMENT with file
// and line.
absl::StatusOr<std::vector<StreamCase>> LoadStreamCases(
    const std::string& folder);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_STREAM_KIT_H_
