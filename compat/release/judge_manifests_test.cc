// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/judge_manifests.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/compat/release/manifest_testing.h"
#include "devstate/compat/release/report.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Describe;
using ::devstate::testing::MakeTestManifest;
using ::devstate::testing::Reload;

constexpr char kV1[] = "uint32 a = 1;";
constexpr char kV2[] =
    "uint32 a = 1; optional uint32 b = 2 [(devstate.field).since = 2];";
constexpr char kV3[] =
    "uint32 a = 1; optional uint32 b = 2 [(devstate.field).since = 2]; "
    "string c = 3 [(devstate.field) = { since: 3 ignorable: true }];";

// "2>1 conditional …": saved as version 2, loaded as 1.
std::string Judge(const Manifest& from, const Manifest& to) {
  const LoadedManifest source = Reload(from);
  const LoadedManifest destination = Reload(to);
  const DirectionVerdict verdict = JudgeManifests(
      source, destination, MigrationDirection(source, destination));
  return absl::StrCat(verdict.saved_as.value_or(0), ">",
                      verdict.loaded_as.value_or(0), " ", Describe(verdict));
}

Direction DirectionOf(const Manifest& from, const Manifest& to) {
  return MigrationDirection(Reload(from), Reload(to));
}

TEST(JudgeManifestsTest, SameVersionIsIdentical) {
  const Manifest manifest = MakeTestManifest({kV1, kV2});
  EXPECT_EQ(Judge(manifest, manifest), "2>2 identical ");
}

TEST(JudgeManifestsTest, NewerLoadsOlder) {
  const Manifest older = MakeTestManifest({kV1});
  const Manifest newer = MakeTestManifest({kV1, kV2});
  EXPECT_EQ(Judge(older, newer), "1>2 compatible field-absent");
  EXPECT_EQ(DirectionOf(older, newer), Direction::kUpgrade);
}

TEST(JudgeManifestsTest, OlderLoadsNewerOnACondition) {
  const Manifest older = MakeTestManifest({kV1});
  const Manifest newer = MakeTestManifest({kV1, kV2});
  EXPECT_EQ(Judge(newer, older),
            "2>1 conditional unknown-critical: field 2 (b) is absent");
  EXPECT_EQ(DirectionOf(newer, older), Direction::kDowngrade);
}

TEST(JudgeManifestsTest, ReleasedVersionAloneIsNeitherSavedNorLoaded) {
  const Manifest older = MakeTestManifest({kV1});
  EXPECT_EQ(Judge(MakeTestManifest({kV1, "string a = 1;"}), older),
            "2>1 refused wire-type-changed");
}

TEST(JudgeManifestsTest, OlderProfileIsTakenWhereItIsBetter) {
  // By its own steps: the rules refuse the change of type.
  EXPECT_EQ(Judge(MakeTestManifest({kV1, "string a = 1;"}, {1}),
                  MakeTestManifest({kV1})),
            "1>1 conditional saved-as-older: the source can express the state "
            "in version 1");
  // Version 2 is as good as 3 but for the field that may be dropped.
  EXPECT_EQ(Judge(MakeTestManifest({kV1, kV2, kV3}, {1, 2}),
                  MakeTestManifest({kV1, kV2})),
            "3>2 lossy ignorable-dropped");
}

TEST(JudgeManifestsTest, ConditionOfAProfileIsWhatItCannotHold) {
  const Manifest from = MakeTestManifest(
      {kV1,
       "optional uint32 b = 2 [(devstate.field).since = 2]; uint32 a = 1; "
       "string d = 4;"},
      {1});
  // The destination's field 4 is another one than the source's. Its presence
  // says what absence means.
  const Manifest to =
      MakeTestManifest({"uint32 a = 1; optional string e = 4;"});
  EXPECT_EQ(Judge(from, to),
            "1>1 conditional field-absent,saved-as-older: the source can "
            "express the state in version 1: field 2 (b) is absent; field 4 "
            "(d) is absent or "
            "empty");
}

TEST(JudgeManifestsTest, DestinationsOwnStepsLoadAnOlderVersion) {
  const Manifest from = MakeTestManifest({kV1});
  EXPECT_EQ(Judge(from, MakeTestManifest({kV1, "string a = 1;"})),
            "1>2 refused wire-type-changed");
  EXPECT_EQ(Judge(from, MakeTestManifest({kV1, "string a = 1;"}, {}, {1})),
            "1>1 identical ");
}

TEST(JudgeManifestsTest, ReleasedVersionsAreTheLineage) {
  const std::string renamed =
      "uint32 b = 1 [(devstate.field).renamed_from = \"a\"];";
  const std::string again =
      "uint32 c = 1 [(devstate.field).renamed_from = \"b\"];";
  EXPECT_EQ(
      Judge(MakeTestManifest({kV1}), MakeTestManifest({kV1, renamed, again})),
      "1>3 converted field-renamed");
}

TEST(JudgeManifestsTest, OtherDeviceIsRefused) {
  const LoadedSchema schema = testing::Parse(
      "syntax = \"proto3\"; package t; import \"devstate/options.proto\"; "
      "message S { option (devstate.message) = { schema: \"t\" version: 1 "
      "device: \"other\" }; }");
  const auto other = MakeManifest({"x", "1", {}, {}}, schema, {});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(Judge(MakeTestManifest({""}), *other), "1>1 refused wrong-device");
}

TEST(JudgeManifestsTest, NothingInCommonIsRefused) {
  const Manifest good = MakeTestManifest({kV1});
  Manifest other = good;
  other.clear_stream_formats();
  other.add_stream_formats(2);
  EXPECT_EQ(Judge(good, other), "1>1 refused no-common-form");
  other = good;
  other.clear_compressions();
  other.add_compressions("lz9");
  EXPECT_EQ(Judge(other, good), "1>1 refused no-common-form");
  other.add_compressions("raw");
  EXPECT_EQ(Judge(other, good), "1>1 identical ");
  other = good;
  other.mutable_versions(0)->set_saves(false);
  EXPECT_EQ(Judge(other, good), "0>0 refused no-common-form");
  EXPECT_EQ(Judge(good, other), "1>1 identical ");
}

TEST(JudgeManifestsTest, ReportSaysWhichVersionsAreUsed) {
  const LoadedManifest older = Reload(MakeTestManifest({kV1}));
  const LoadedManifest newer = Reload(MakeTestManifest({kV1, kV2}));
  const DirectionVerdict verdict =
      JudgeManifests(older, newer, Direction::kUpgrade);
  EXPECT_NE(RenderCheck({verdict}, {}, ReportFormat::kText)
                .find("upgrade: compatible, saves as version 1, loads as "
                      "version 2\n"),
            std::string::npos);
  EXPECT_NE(RenderCheck({verdict}, {}, ReportFormat::kJson)
                .find("\"saved_as\":1,\"loaded_as\":2"),
            std::string::npos);
}

}  // namespace
}  // namespace devstate
