// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/schemas/released_schemas.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "devices/fs/v1/fs.devstate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "third_party/absl_compat/status_matchers.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;

constexpr uint32_t kNewest = 3;

TEST(ReleasedSchemasTest, ReleaseKnowsItselfAndThoseBefore) {
  for (uint32_t newest = 1; newest <= kNewest; ++newest) {
    const auto archive = ReleasedSchemas(newest);
    ASSERT_THAT(archive, IsOk());
    std::vector<uint32_t> versions;
    for (const LoadedSchema* schema : (*archive)->Versions("devices.fs.v1")) {
      versions.push_back(schema->model().version());
    }
    const std::vector<uint32_t> all = {1, 2, 3};
    EXPECT_EQ(versions,
              std::vector<uint32_t>(all.begin(), all.begin() + newest));
  }
}

// Golden streams and back-ends in the field name them: they never change.
TEST(ReleasedSchemasTest, FingerprintsAreThoseOfTheReleases) {
  const auto archive = ReleasedSchemas(kNewest);
  ASSERT_THAT(archive, IsOk());
  const std::vector<std::string> released = {
      "d83e82d002c85bf69c128181478217da0a1f36131e9df46ed0b4842194b7b551",
      "390a392d3a55a0a42edd73bc73c3e78ab6eeb103b5f28a3fc8aeb6b73d1787ac",
      "d1d32a72798768c96b1cfea8980f0fb673e27e866b5143c7019e0be5aba3d327",
  };
  for (uint32_t version = 1; version <= kNewest; ++version) {
    EXPECT_EQ(absl::BytesToHexString((*archive)
                                         ->FindVersion("devices.fs.v1", version)
                                         ->model()
                                         .fingerprint),
              released[version - 1]);
  }
}

TEST(ReleasedSchemasTest, SchemaInUseIsTheNewestReleased) {
  const auto archive = ReleasedSchemas(kNewest);
  ASSERT_THAT(archive, IsOk());
  const SchemaInfo& used = devices::fs::v1::FsStateSchema();
  EXPECT_EQ(used.version, kNewest);
  EXPECT_NE((*archive)->FindFingerprint(used.fingerprint), nullptr);
}

}  // namespace
}  // namespace devstate::examples
