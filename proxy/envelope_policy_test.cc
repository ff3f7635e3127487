// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/envelope_policy.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::proxy {
namespace {

using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

opaque::Label Of(const std::string& name, const std::string& version) {
  opaque::Label label;
  label.set_implementation(name);
  label.set_implementation_version(version);
  return label;
}

bool Takes(const EnvelopePolicy& policy, const opaque::Label& source,
           const opaque::Label& own) {
  return policy.Check(source, own).ok();
}

TEST(EnvelopePolicyTest, TheSameImplementationIsTakenInTheSameVersion) {
  const EnvelopePolicy policy;
  EXPECT_TRUE(Takes(policy, Of("passt", "1.2"), Of("passt", "1.2")));
  EXPECT_TRUE(Takes(policy, Of("passt", ""), Of("passt", "")));
  EXPECT_FALSE(Takes(policy, Of("passt", "1.2"), Of("pesto", "1.2")));
}

TEST(EnvelopePolicyTest, ANewerVersionTakesWhatAnOlderOneSaved) {
  const EnvelopePolicy policy;
  EXPECT_TRUE(Takes(policy, Of("passt", "1.9"), Of("passt", "1.10")));
  EXPECT_FALSE(Takes(policy, Of("passt", "1.10"), Of("passt", "1.9")));
}

TEST(EnvelopePolicyTest, AnUnknownVersionIsTakenByAnUnknownOneAlone) {
  const EnvelopePolicy policy;
  EXPECT_FALSE(Takes(policy, Of("passt", ""), Of("passt", "1.2")));
  EXPECT_FALSE(Takes(policy, Of("passt", "1.2"), Of("passt", "")));
}

TEST(EnvelopePolicyTest, UnknownImplementationsAreNotTheSame) {
  EXPECT_FALSE(Takes(EnvelopePolicy(), Of("", ""), Of("", "")));
}

TEST(EnvelopePolicyTest, LinesSayWhatIsTaken) {
  const auto policy = EnvelopePolicy::Parse(
      "# of this fleet\n"
      "same\n"
      "  listed\tpasst 1.10  # tried by hand\r\n"
      "listed pesto\n"
      "\n");
  ASSERT_THAT(policy, ::devstate::testing::IsOk());
  EXPECT_TRUE(Takes(*policy, Of("passt", "1.9"), Of("passt", "1.9")));
  EXPECT_FALSE(Takes(*policy, Of("passt", "1.8"), Of("passt", "1.9")));
  EXPECT_TRUE(Takes(*policy, Of("passt", "1.10"), Of("passt", "1.9")));
  EXPECT_TRUE(Takes(*policy, Of("pesto", "7"), Of("passt", "1.9")));
  EXPECT_FALSE(Takes(*policy, Of("other", "7"), Of("passt", "1.9")));
}

TEST(EnvelopePolicyTest, AnEmptyPolicyTakesNothing) {
  EXPECT_FALSE(Takes(*EnvelopePolicy::Parse(""), Of("passt", "1.2"),
                     Of("passt", "1.2")));
}

TEST(EnvelopePolicyTest, AWrongLineIsNamed) {
  for (const char* wrong : {"same\nolder\n", "same\nsame passt\n", "\nlisted\n",
                            "\nlisted passt 1.2 1.3\n"}) {
    EXPECT_THAT(
        EnvelopePolicy::Parse(wrong),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
  }
}

TEST(EnvelopePolicyTest, TheErrorHasRuleBothVersionsAndRemedy) {
  EXPECT_THAT(
      EnvelopePolicy().Check(Of("passt", "1.10"), Of("passt", "")),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("implementation: saved by passt 1.10, this back-end "
                         "is passt of unknown version "
                         "[opaque-implementation]: Start")));
}

TEST(EnvelopePolicyTest, AnotherDeviceIsRefusedByAnyPolicy) {
  const auto policy = EnvelopePolicy::Parse("listed passt");
  opaque::Label source = Of("passt", "1.2");
  source.set_device("virtio-net");
  opaque::Label own = Of("passt", "1.2");
  EXPECT_TRUE(Takes(*policy, source, own));
  own.set_device("virtio-blk");
  EXPECT_THAT(policy->Check(source, own),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("device: it is virtio-net, this back-end's is "
                                 "virtio-blk [opaque-device]")));
}

TEST(IsOlderVersionTest, NumbersAreComparedAsNumbers) {
  EXPECT_EQ(IsOlderVersion("1.9", "1.10"), true);
  EXPECT_EQ(IsOlderVersion("1.10", "1.9"), false);
  EXPECT_EQ(IsOlderVersion("1.9", "1.9"), false);
  EXPECT_EQ(IsOlderVersion("1.09", "1.9"), false);
  EXPECT_EQ(IsOlderVersion("2025_05_03", "2025_10_02"), true);
  EXPECT_EQ(IsOlderVersion("v1.99999999999999999999", "v2"), true);
}

TEST(IsOlderVersionTest, AVersionThatGoesOnIsNewer) {
  EXPECT_EQ(IsOlderVersion("1.13", "1.13.2"), true);
  EXPECT_EQ(IsOlderVersion("1.13.2", "1.13"), false);
  EXPECT_EQ(IsOlderVersion("", "1"), std::nullopt);
}

TEST(IsOlderVersionTest, WhatIsNoNumberMustBeTheSame) {
  EXPECT_EQ(IsOlderVersion("1.0-rc1", "1.0"), std::nullopt);
  EXPECT_EQ(IsOlderVersion("1.0", "1.0-rc1"), std::nullopt);
  EXPECT_EQ(IsOlderVersion("1.0-rc1", "1.0-rc2"), true);
  EXPECT_EQ(IsOlderVersion("1.0a", "1.0b"), std::nullopt);
  EXPECT_EQ(IsOlderVersion("1.0a", "2.0b"), true);
}

}  // namespace
}  // namespace devstate::proxy
