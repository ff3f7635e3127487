// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/capabilities.h"

#include <string>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;

TEST(CapabilitiesTest, SummaryIsTheManifestWithoutDescriptorSets) {
  const auto manifest = ParseOwnManifest(
      "{\"implementation\": {\"name\": \"x\"}, \"versions\": "
      "[{\"version\": 3, \"descriptor_set\": \"AAAA\", \"loads\": true}]}");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->versions(0).descriptor_set().size(), 3u);
  const std::string json =
      CapabilitiesJson("fs", {"migrate-precopy"}, *manifest);
  Capabilities capabilities;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(json, &capabilities).ok());
  EXPECT_EQ(capabilities.type(), "fs");
  ASSERT_EQ(capabilities.features_size(), 1);
  EXPECT_EQ(capabilities.features(0), "migrate-precopy");
  EXPECT_EQ(capabilities.devstate().implementation().name(), "x");
  ASSERT_EQ(capabilities.devstate().versions_size(), 1);
  EXPECT_EQ(capabilities.devstate().versions(0).version(), 3u);
  EXPECT_EQ(capabilities.devstate().versions(0).descriptor_set(), "");
  EXPECT_EQ(json.back(), '\n');
}

TEST(CapabilitiesTest, OtherTextIsNoManifest) {
  EXPECT_THAT(ParseOwnManifest("{\"what\": 1}"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseOwnManifest(""),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace devstate
