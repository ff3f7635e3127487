// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/fleet.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/compat/release/manifest_testing.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

using ::devstate::testing::MakeTestManifest;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kV1[] = "uint32 a = 1;";
constexpr char kV2[] =
    "uint32 a = 1; optional uint32 b = 2 [(devstate.field).since = 2];";

class FleetTest : public ::testing::Test {
 protected:
  FleetTest()
      : folder_(
            fs::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~FleetTest() override { fs::remove_all(folder_); }

  void Write(const std::string& file, const std::string& text) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file, std::ios::binary) << text;
  }
  void Write(const std::string& file, const Manifest& manifest) {
    Write(file, ManifestJson(manifest));
  }

  // "a,b|c": the hosts of each group.
  std::string Groups(absl::string_view device = "") {
    const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string(), device);
    EXPECT_TRUE(fleet.ok()) << fleet.status();
    std::vector<std::string> groups;
    for (const FleetGroup& group : fleet->groups) {
      groups.push_back(absl::StrJoin(group.hosts, ","));
    }
    return absl::StrJoin(groups, "|");
  }

  const fs::path folder_;
};

TEST_F(FleetTest, HostsWithTheSameContentAreOneGroup) {
  const Manifest one = MakeTestManifest({kV1});
  const Manifest two = MakeTestManifest({kV1, kV2});
  Write("c.manifest", one);
  Write("rack/b.manifest", two);
  // As bytes, too.
  Write("rack/a.manifest", two.SerializeAsString());
  Write("d", two);
  EXPECT_EQ(Groups(), "d,rack/a,rack/b|c");
}

TEST_F(FleetTest, ReleasesOfAnImplementationAreCountedWithinAGroup) {
  Manifest manifest = MakeTestManifest({kV1});
  Write("a.manifest", manifest);
  Write("b.manifest", manifest);
  manifest.mutable_implementation()->set_version("1.1");
  Write("c.manifest", manifest);
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  ASSERT_EQ(fleet->groups.size(), 1u);
  const FleetGroupReport report = MakeGroupReport(fleet->groups[0], 7);
  EXPECT_EQ(report.group(), 7u);
  ASSERT_EQ(report.implementations_size(), 2);
  EXPECT_EQ(report.implementations(0).implementation().version(), "1.0");
  EXPECT_EQ(report.implementations(0).hosts(), 2u);
  EXPECT_EQ(report.implementations(1).implementation().version(), "1.1");
  EXPECT_EQ(report.implementations(1).hosts(), 1u);
  EXPECT_EQ(absl::StrJoin(report.saves(), ","), "1");
}

TEST_F(FleetTest, WhatDecidesAVerdictMakesAGroup) {
  Manifest manifest = MakeTestManifest({kV1});
  Write("a.manifest", manifest);
  manifest.add_compressions("lz9");
  Write("b.manifest", manifest);
  manifest.mutable_versions(0)->set_saves(false);
  Write("c.manifest", manifest);
  EXPECT_EQ(Groups(), "a|b|c");
}

TEST_F(FleetTest, GroupsWithASchemaInCommonShareIt) {
  Write("a.manifest", MakeTestManifest({kV1}));
  Write("b.manifest", MakeTestManifest({kV1, kV2}));
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  ASSERT_EQ(fleet->groups.size(), 2u);
  EXPECT_EQ(fleet->groups[0].manifest.schemas[0],
            fleet->groups[1].manifest.schemas[0]);
}

TEST_F(FleetTest, SharedSchemaIsCheckedAgainstEachManifest) {
  Manifest manifest = MakeTestManifest({kV1});
  Write("a.manifest", manifest);
  manifest.mutable_versions(0)->set_min_reader(1);
  Write("b.manifest", manifest);
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  ASSERT_EQ(fleet->unreadable.size(), 1u);
  EXPECT_THAT(fleet->unreadable[0].error(), HasSubstr("min_reader"));
}

TEST_F(FleetTest, OtherDevicesAreCounted) {
  Write("a.manifest", MakeTestManifest({kV1}));
  EXPECT_EQ(Groups("d"), "a");
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string(), "other");
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_TRUE(fleet->groups.empty());
  EXPECT_EQ(fleet->other_devices, 1u);
}

TEST_F(FleetTest, UnreadableManifestsAreNamed) {
  Write("a.manifest", MakeTestManifest({kV1}));
  Write("a", MakeTestManifest({kV1}));
  Write("cut.manifest", "{");
  Write("new\nline", MakeTestManifest({kV1}));
  fs::create_symlink("none", folder_ / "link");
  fs::create_directory_symlink(".", folder_ / "loop");
  Write(".hidden", "{");
  Write(".git/config", "{");
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  std::string errors;
  for (const UnreadableManifest& entry : fleet->unreadable) {
    absl::StrAppend(&errors, entry.file(), ": ", entry.error().substr(0, 24),
                    "\n");
  }
  EXPECT_EQ(errors,
            "a.manifest: is the second manifest o\n"
            "cut.manifest: not the JSON of devstate\n"
            "link: is no file\n"
            "new\\nline: is no host's name: name \n");
  ASSERT_EQ(fleet->groups.size(), 1u);
  EXPECT_EQ(absl::StrJoin(fleet->groups[0].hosts, ","), "a");
}

TEST_F(FleetTest, CapabilitiesAreNamedAsSuch) {
  Write("a.manifest", MakeTestManifest({kV1}));
  Write("b.manifest",
        R"({"type": "fs", "devstate": {"schema": "t", "versions": []}})");
  const absl::StatusOr<Fleet> fleet = LoadFleet(folder_.string());
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  ASSERT_EQ(fleet->unreadable.size(), 1u);
  EXPECT_THAT(fleet->unreadable[0].error(), HasSubstr("--print-manifest"));
}

TEST_F(FleetTest, FolderWithoutManifestsIsAnError) {
  EXPECT_THAT(
      LoadFleet(folder_.string()),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("HOST.manifest")));
  EXPECT_THAT(LoadFleet((folder_ / "none").string()),
              StatusIs(absl::StatusCode::kNotFound));
  Write("a", "{");
  Write("b", "{");
  EXPECT_THAT(LoadFleet(folder_.string()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("none of 2 files is a manifest")));
}

TEST_F(FleetTest, GroupsAreBounded) {
  Manifest manifest = MakeTestManifest({kV1});
  for (size_t i = 0; i <= kMaxFleetGroups; ++i) {
    Write(absl::StrCat(i), manifest);
    manifest.add_stream_formats(1000);
  }
  EXPECT_THAT(LoadFleet(folder_.string()),
              StatusIs(absl::StatusCode::kResourceExhausted));
  fs::remove(folder_ / "0");
  EXPECT_TRUE(LoadFleet(folder_.string()).ok());
}

}  // namespace
}  // namespace devstate
