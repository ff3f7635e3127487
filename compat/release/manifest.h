// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_MANIFEST_H_
#define DEVSTATE_COMPAT_RELEASE_MANIFEST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/manifest.pb.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// The bounds of a manifest, which may come from anywhere. They are on its size,
// its versions, how many of them are loaded and how many saved, and its
// descriptor sets, each and all together, after decompression.
inline constexpr size_t kMaxManifestBytes = size_t{4} << 20;
inline constexpr int kMaxManifestVersions = 256;
inline constexpr int kMaxManifestUses = 16;
inline constexpr size_t kMaxDescriptorSetBytes = size_t{256} << 10;
inline constexpr size_t kMaxAllDescriptorSetBytes = size_t{4} << 20;

// A manifest that agrees with itself. Every schema in it has the name, the
// device, the version and the fingerprint that the manifest says.
struct LoadedManifest {
  // The file it came from, for messages.
  std::string file;
  Manifest manifest;
  // The schemas of manifest.versions(), in the same order: ascending by
  // version.
  std::vector<LoadedSchema> schemas;

  // Returns the newest schema that the back-end loads, against which a stream
  // is judged; null if it loads none.
  const LoadedSchema* NewestLoaded() const;
  // Returns the newest schema that the back-end saves; null if it saves none.
  const LoadedSchema* NewestSaved() const;
};

// Returns whether `bytes` are meant for a manifest rather than for a schema's
// descriptor set.
bool IsManifest(absl::string_view bytes);

// Parses a manifest, as JSON or as bytes. Fields of a newer release are passed
// over. Errors are INVALID_ARGUMENT, one line with file, place and remedy.
absl::StatusOr<LoadedManifest> ParseManifest(const std::string& name,
                                             absl::string_view bytes);

// Parses a file or a pipe, to its end. NOT_FOUND if it cannot be read.
absl::StatusOr<LoadedManifest> LoadManifest(const std::string& path);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_MANIFEST_H_
