// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/table_check.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {
namespace {

using ::devstate::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;

// The only finding of a state: "rule path: text".
std::string OnlyFinding(const TestState& state) {
  const absl::StatusOr<ForeignReport> report =
      Format().check(Opening(state.Encode()));
  if (!report.ok()) return report.status().ToString();
  if (report->verdict.findings_size() != 1) {
    return report->verdict.DebugString();
  }
  const Finding& finding = report->verdict.findings(0);
  EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
  EXPECT_EQ(report->refused(), finding.level() == VERDICT_LEVEL_REFUSED);
  return absl::StrCat(finding.rule(), " ", finding.path(), ": ",
                      finding.text());
}

TEST(TableCheckTest, WhatVirtiofsdWritesIsFound) {
  const absl::StatusOr<ForeignReport> report =
      Format().check(Opening(SmallState().Encode()));
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->verdict.findings_size(), 0);
  EXPECT_EQ(report->verdict.level(), VERDICT_LEVEL_CONVERTED);
  EXPECT_EQ(report->records, 4u);
}

TEST(TableCheckTest, RootIsInodeOne) {
  TestState state = SmallState();
  state.inodes.erase(state.inodes.begin());
  state.inodes[0].location = AtNothing();
  EXPECT_THAT(Format().check(Opening(state.Encode()))->verdict.DebugString(),
              HasSubstr("foreign-root"));
}

TEST(TableCheckTest, RootHasTheRootsLocation) {
  TestState state = SmallState();
  state.inodes[0].location = AtFullPath("root");
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-root inode 1 at offset 0x2: is the root and"));
}

TEST(TableCheckTest, NobodyElseIsTheRoot) {
  TestState state = SmallState();
  state.inodes[2].location = AtRoot();
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-root inode 3 at offset 0xf: has the root's"));
}

TEST(TableCheckTest, InodeIdsAscend) {
  TestState state = SmallState();
  state.inodes[2].id = 2;
  state.handles.clear();
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-id inode 2 at offset 0xf: comes after inode "
                        "2"));
}

TEST(TableCheckTest, InodeIdsStartAtOne) {
  TestState state;
  state.inodes = {{0, 1, AtNothing(), ""}, {1, 2, AtRoot(), ""}};
  EXPECT_THAT(Format().check(Opening(state.Encode()))->verdict.DebugString(),
              HasSubstr("the id is 0"));
}

TEST(TableCheckTest, NextInodeIsAboveAll) {
  TestState state = SmallState();
  state.next_inode = 3;
  EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-id inode 3: is not below "
                                            "the next inode id, 3"));
}

TEST(TableCheckTest, OpenHandlesAscend) {
  TestState state = SmallState();
  state.handles.push_back(state.handles[0]);
  EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-id open handle 0 at"));
}

TEST(TableCheckTest, NextHandleIsAboveAll) {
  TestState state = SmallState();
  state.next_handle = 0;
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-id open handle 0: is not below the next"));
}

TEST(TableCheckTest, RefcountIsNotZero) {
  TestState state = SmallState();
  state.inodes[2].refcount = 0;
  EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-refcount inode 3 at"));
}

TEST(TableCheckTest, RefcountCoversTheChildren) {
  TestState state = SmallState();
  state.inodes.push_back({4, 1, AtPath(2, "b"), ""});
  state.inodes.push_back({5, 1, AtPath(2, "c"), ""});
  state.next_inode = 6;
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-refcount inode 2: the refcount is 2, expected "
                        "at least 3"));
}

TEST(TableCheckTest, NamesAreOneComponent) {
  for (const char* name : {"", ".", "..", "a/b", "../../../../etc/passwd"}) {
    TestState state = SmallState();
    state.inodes[2].location = AtPath(2, name);
    EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-name inode 3")) << name;
  }
  TestState state = SmallState();
  state.inodes[2].location = AtPath(2, std::string("a\0b", 3));
  EXPECT_THAT(OnlyFinding(state), HasSubstr("contains a NUL"));
}

TEST(TableCheckTest, PathsStayBeneathTheSharedDirectory) {
  for (const char* path : {"", "/etc/passwd", "..", "a/../../b", "a/.."}) {
    TestState state = SmallState();
    state.inodes[2].location = AtFullPath(path);
    EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-name inode 3")) << path;
  }
}

TEST(TableCheckTest, ParentsAreThere) {
  TestState state = SmallState();
  state.inodes[2].location = AtPath(99, "file");
  EXPECT_THAT(OnlyFinding(state),
              HasSubstr("foreign-parent inode 3: its parent, inode 99, is "
                        "missing (it has 1 children)"));
  state.inodes[2].location = AtPath(0, "file");
  EXPECT_THAT(OnlyFinding(state), HasSubstr("its parent, inode 0, is missing"));
}

TEST(TableCheckTest, ParentsMayComeLater) {
  TestState state = SmallState();
  state.inodes[1].location = AtPath(3, "below");
  state.inodes[2].location = AtPath(1, "above");
  const absl::StatusOr<ForeignReport> report =
      Format().check(Opening(state.Encode()));
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->verdict.findings_size(), 0);
}

TEST(TableCheckTest, ParentsFormNoCycle) {
  TestState state = SmallState();
  state.inodes[1].location = AtPath(3, "below");
  EXPECT_THAT(OnlyFinding(state),
              AllOf(HasSubstr("foreign-parent inode "), HasSubstr("cycle")));
  state.inodes[1].location = AtPath(2, "itself");
  EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-parent inode 2"));
}

TEST(TableCheckTest, OpenInodesAreThere) {
  TestState state = SmallState();
  state.handles[0].inode = 7;
  EXPECT_THAT(OnlyFinding(state),
              AllOf(HasSubstr("foreign-open-inode open handle 0 at offset"),
                    HasSubstr("its inode 7 is missing")));
}

TEST(TableCheckTest, OpenFlagsDoNothingToTheFile) {
  for (const int32_t flags : {0100, 0200, 01000, 03, -1}) {
    TestState state = SmallState();
    state.handles[0].flags = flags;
    EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-open-flags")) << flags;
  }
}

TEST(TableCheckTest, LocationsByFileHandleHaveAMountPath) {
  TestState state = SmallState();
  state.inodes[2].location = AtFileHandle(FileHandleBytes(27, 1, "x"));
  state.mount_paths = {{28, "."}};
  EXPECT_THAT(
      OnlyFinding(state),
      HasSubstr("foreign-mount inode 3: its file handle is of mount 27"));
}

TEST(TableCheckTest, MountPathsOccurOnceAndStayBeneath) {
  TestState state = SmallState();
  state.mount_paths = {{27, "."}, {27, "a"}};
  EXPECT_THAT(OnlyFinding(state), HasSubstr("foreign-mount mount path 27"));
  state.mount_paths = {{27, "../a"}};
  EXPECT_THAT(OnlyFinding(state), HasSubstr("leaves the shared directory"));
}

TEST(TableCheckTest, LostInodesAreNamedAndTaken) {
  TestState state = SmallState();
  state.inodes[2].location = AtNothing();
  EXPECT_THAT(OnlyFinding(state),
              AllOf(HasSubstr("foreign-lost inode 3"),
                    HasSubstr("--migration-on-error=guest-error")));
}

TEST(TableCheckTest, FindingsAreBounded) {
  TestState state = SmallState();
  constexpr uint64_t kFirst = 4;
  constexpr uint64_t kLost = 140000;
  for (uint64_t i = 0; i < kLost; ++i) {
    state.inodes.push_back(
        {kFirst + i, i < kLost / 2 ? 1u : 0u, AtNothing(), ""});
  }
  state.next_inode = kFirst + kLost;
  const absl::StatusOr<ForeignReport> report =
      Format().check(Opening(state.Encode()));
  ASSERT_THAT(report, IsOk());
  ASSERT_EQ(report->verdict.findings_size(),
            static_cast<int>(kMaxForeignFindings) + 1);
  const Finding& last = *report->verdict.findings().rbegin();
  EXPECT_EQ(last.rule(), "too-many-findings");
  // All are lost, and the last half has no refcount: that still shows.
  EXPECT_EQ(last.text(), absl::StrCat(3 * kLost / 2 - kMaxForeignFindings,
                                      " more findings are left out"));
  EXPECT_EQ(report->verdict.findings(kMaxForeignFindings / 2).rule(),
            "foreign-refcount");
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
