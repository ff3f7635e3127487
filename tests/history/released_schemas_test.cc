// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What was released does not change.

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/backend/manifest_archive.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/release.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devices::fs::v1::FsStateSchema;
using ::devstate::testing::IsOk;

// Golden streams and back-ends in the field name them.
TEST(ReleasedSchemasTest, FingerprintsAreThoseOfTheReleases) {
  const auto archive = ManifestArchive(ManifestOfRelease());
  ASSERT_THAT(archive, IsOk());
  std::vector<std::string> fingerprints;
  for (const LoadedSchema* schema : (*archive)->Versions("devices.fs.v1")) {
    fingerprints.push_back(absl::BytesToHexString(schema->model().fingerprint));
  }
  EXPECT_THAT(
      fingerprints,
      ::testing::ElementsAre(
          "d83e82d002c85bf69c128181478217da0a1f36131e9df46ed0b4842194b7b551",
          "390a392d3a55a0a42edd73bc73c3e78ab6eeb103b5f28a3fc8aeb6b73d1787ac",
          "d1d32a72798768c96b1cfea8980f0fb673e27e866b5143c7019e0be5aba3d327"));
}

TEST(ReleasedSchemasTest, SchemaInUseIsTheNewestReleased) {
  const auto archive = ManifestArchive(ManifestOfRelease());
  ASSERT_THAT(archive, IsOk());
  const auto versions = (*archive)->Versions("devices.fs.v1");
  ASSERT_FALSE(versions.empty());
  EXPECT_EQ(versions.back()->model().fingerprint, FsStateSchema().fingerprint);
}

}  // namespace
}  // namespace devstate::examples
