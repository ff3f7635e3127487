// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a back-end prints of itself, from the manifest that the rule
// devstate_manifest put into the program.

#ifndef DEVSTATE_BACKEND_CAPABILITIES_H_
#define DEVSTATE_BACKEND_CAPABILITIES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/manifest.pb.h"

namespace devstate {

// The manifest that `json` is, for instance devices::fs::v1::FsStateManifest().
// Its implementation() is what the back-end's streams should carry. Trusts its
// schemas; LoadManifest() does not. INVALID_ARGUMENT if it is no manifest.
absl::StatusOr<Manifest> ParseOwnManifest(absl::string_view json);

// The answer to --print-capabilities, as JSON: `type` and `features` in the
// words of QEMU's docs/interop/vhost-user.json ("fs"; "migrate-precopy"), and
// the manifest without descriptor sets. Ends with a new line.
std::string CapabilitiesJson(const std::string& type,
                             const std::vector<std::string>& features,
                             Manifest manifest);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_CAPABILITIES_H_
