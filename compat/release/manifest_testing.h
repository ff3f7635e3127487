// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Manifests for tests.

#ifndef DEVSTATE_COMPAT_RELEASE_MANIFEST_TESTING_H_
#define DEVSTATE_COMPAT_RELEASE_MANIFEST_TESTING_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "devstate/compat/diff_testing.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/compat/release/manifest_writer.h"
#include "gtest/gtest.h"

namespace devstate {
namespace testing {

// Returns the manifest of a back-end with the last of `bodies` as its schema.
// Versions 1, 2, … have the bodies before.
inline Manifest MakeTestManifest(const std::vector<std::string>& bodies,
                                 const std::set<uint32_t>& saves = {},
                                 const std::set<uint32_t>& loads = {}) {
  std::vector<LoadedSchema> schemas;
  for (size_t i = 0; i < bodies.size(); ++i) {
    schemas.push_back(Parse(SchemaText(static_cast<int>(i) + 1, bodies[i])));
  }
  const LoadedSchema current = std::move(schemas.back());
  schemas.pop_back();
  const absl::StatusOr<Manifest> manifest =
      MakeManifest({"test-backend", "1.0", loads, saves}, current, schemas);
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  return manifest.ok() ? *manifest : Manifest();
}

inline LoadedManifest Reload(const Manifest& manifest) {
  absl::StatusOr<LoadedManifest> loaded =
      ParseManifest("m", ManifestJson(manifest));
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  return loaded.ok() ? *std::move(loaded) : LoadedManifest();
}

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_MANIFEST_TESTING_H_
