// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_MANIFEST_WRITER_H_
#define DEVSTATE_COMPAT_RELEASE_MANIFEST_WRITER_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "devstate/manifest.pb.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// The facts that a back-end's build knows next to its schemas.
struct ManifestOptions {
  // The back-end's name and version, as its streams carry them.
  std::string implementation;
  std::string version;
  // The released versions that the back-end loads or saves by itself, with
  // steps of its own. The current version is loaded and saved always. Older
  // states that it loads by the rules alone need no mention. Default: none.
  std::set<uint32_t> loads;
  std::set<uint32_t> saves;
};

// Makes the manifest of a back-end that is built with `current`. A released
// schema may be there twice, and the current one may be among them.
//
// Errors are one line with the file and the remedy. INVALID_ARGUMENT for a
// released schema of another name or of a newer version, for two different ones
// of one version, and for loads and saves of a version that is not there.
absl::StatusOr<Manifest> MakeManifest(
    const ManifestOptions& options, const LoadedSchema& current,
    const std::vector<LoadedSchema>& released);

// Returns the manifest in several lines. The same manifest is the same text.
std::string ManifestJson(const Manifest& manifest);

// Return C++ that has the manifest in the program: the header, and the source
// of what it declares, a function "<Root>Manifest()" in the namespace of the
// root's package. `include` is how the source includes the header.
std::string ManifestHeader(const LoadedSchema& current);
std::string ManifestSource(const LoadedSchema& current,
                           const std::string& include, const std::string& json);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_MANIFEST_WRITER_H_
