// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The capabilities that a back-end prints. They come from the manifest that the
// rule devstate_manifest put into the program.

#ifndef DEVSTATE_BACKEND_CAPABILITIES_H_
#define DEVSTATE_BACKEND_CAPABILITIES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/manifest.pb.h"

namespace devstate {

// Parses the manifest in `json`, for instance
// devices::fs::v1::FsStateManifest(). Its implementation() is the writer that
// the back-end's streams should carry. Trusts its schemas, which LoadManifest()
// does not. INVALID_ARGUMENT if `json` is not a manifest.
absl::StatusOr<Manifest> ParseOwnManifest(absl::string_view json);

// Returns the answer to --print-capabilities as JSON that ends with a new line:
// `type`, `features` and the manifest without descriptor sets. `type` and
// `features` are in the words of QEMU's docs/interop/vhost-user.json, such as
// "fs" and "migrate-precopy".
std::string CapabilitiesJson(const std::string& type,
                             const std::vector<std::string>& features,
                             Manifest manifest);

}  // namespace devstate

#endif  // DEVSTATE_BACKEND_CAPABILITIES_H_
