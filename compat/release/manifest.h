// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_RELEASE_MANIFEST_H_
#define DEVSTATE_COMPAT_RELEASE_MANIFEST_H_

#include <cstddef>
#include <map>
#include <memory>
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
  // version. None is null.
  std::vector<std::shared_ptr<LoadedSchema>> schemas;

  // Returns the newest schema that the back-end loads, against which a stream
  // is judged; null if it loads none.
  const LoadedSchema* NewestLoaded() const;
  // Returns the newest schema that the back-end saves; null if it saves none.
  const LoadedSchema* NewestSaved() const;
};

// The schemas of many manifests, each of which is kept once. Thread-safety:
// none.
class SharedSchemas {
 public:
  struct Entry {
    std::shared_ptr<LoadedSchema> schema;
    // The size of its descriptor set.
    size_t bytes = 0;
  };

  // Returns the place of a schema, by its root message and the frame of its
  // descriptor set. Empty until the caller fills it.
  Entry& Find(absl::string_view root, absl::string_view frame);

 private:
  // By SHA-256.
  std::map<std::string, Entry> entries_;
};

// Returns whether `bytes` are meant for a manifest rather than for a schema's
// descriptor set.
bool IsManifest(absl::string_view bytes);

// Parses a manifest, as JSON or as bytes. Fields of a newer release are passed
// over. Errors are INVALID_ARGUMENT, one line with file, place and remedy. With
// `shared`, a schema that is there is not read again, and one that is not is
// added.
absl::StatusOr<LoadedManifest> ParseManifest(const std::string& name,
                                             absl::string_view bytes,
                                             SharedSchemas* shared = nullptr);

// Reads a file or a pipe, to its end or one byte beyond what a manifest may
// have. NOT_FOUND if it cannot be read.
absl::StatusOr<std::string> ReadManifest(const std::string& path);

// Reads and parses.
absl::StatusOr<LoadedManifest> LoadManifest(const std::string& path);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_MANIFEST_H_
