// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_JSON_KEYS_H_
#define DEVSTATE_CLI_JSON_KEYS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace devstate {

// Returns the error about what may be in a message once. `path` is its place.
absl::Status ThereTwice(absl::string_view path);

// Refuses the JSON of a message of type `root` in which a field or a map's key
// stands twice, by whichever of its names. A parser would keep one of the two.
// INVALID_ARGUMENT with the path. OK for what is no JSON, of which the parser
// tells.
absl::Status CheckKeysOnce(absl::string_view json,
                           const google::protobuf::Descriptor& root);

}  // namespace devstate

#endif  // DEVSTATE_CLI_JSON_KEYS_H_
