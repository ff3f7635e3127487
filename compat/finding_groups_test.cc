// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/finding_groups.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

Finding MakeOne(const std::string& rule, const std::string& path,
                const std::string& text) {
  Finding finding;
  finding.set_rule(rule);
  finding.set_level(VERDICT_LEVEL_REFUSED);
  finding.set_path(path);
  finding.set_text(text);
  return finding;
}

using Text = std::vector<std::string>;

Text Lines(const std::vector<Finding>& findings) {
  std::vector<const Finding*> pointers;
  for (const Finding& finding : findings) pointers.push_back(&finding);
  Text lines;
  for (const FindingGroup& group : GroupFindings(pointers)) {
    lines.push_back(absl::StrCat(group.path, ": ", group.text));
  }
  return lines;
}

TEST(FindingGroupsTest, ManyOfAKindAreOneLineThatNamesTheFirst) {
  std::vector<Finding> findings;
  for (int i = 2; i < 5003; ++i) {
    findings.push_back(
        MakeOne("lost", absl::StrCat("inode ", i, " at offset 0x", i), "lost"));
  }
  EXPECT_EQ(Lines(findings), Text{"5001 inodes (2, 3, 4, …): lost"});
}

TEST(FindingGroupsTest, TextsThatDifferInNumbersAreToldByTheFirst) {
  std::vector<Finding> findings;
  for (int i = 1; i < 5; ++i) {
    findings.push_back(MakeOne("id", absl::StrCat("open handle ", i),
                               absl::StrCat("comes after ", i + 1)));
  }
  EXPECT_EQ(Lines(findings), Text{"4 open handles (1, 2, 3, …): the first of "
                                  "them: comes after 2"});
}

TEST(FindingGroupsTest, ThreeOfAKindStayAsTheyAre) {
  std::vector<Finding> findings;
  for (int i = 1; i < 4; ++i) {
    findings.push_back(MakeOne("id", absl::StrCat("inode ", i), "text"));
  }
  EXPECT_EQ(Lines(findings),
            (Text{"inode 1: text", "inode 2: text", "inode 3: text"}));
}

TEST(FindingGroupsTest, OtherRulesLevelsTextsAndPathsStayApart) {
  std::vector<Finding> findings;
  for (int i = 0; i < 8; ++i) {
    findings.push_back(
        MakeOne(i % 2 == 0 ? "a" : "b", absl::StrCat("inode ", i), "text"));
  }
  findings.push_back(MakeOne("a", "inode 9", "another text"));
  findings.push_back(MakeOne("a", "queues.size", "text"));
  findings.push_back(MakeOne("a", "queues.size", "text"));
  findings.push_back(MakeOne("a", "", "text"));
  Finding lesser = MakeOne("a", "inode 10", "text");
  lesser.set_level(VERDICT_LEVEL_COMPATIBLE);
  findings.push_back(lesser);
  EXPECT_EQ(Lines(findings),
            (Text{"4 inodes (0, 2, 4, …): text", "4 inodes (1, 3, 5, …): text",
                  "inode 9: another text", "queues.size: text",
                  "queues.size: text", ": text", "inode 10: text"}));
}

TEST(FindingGroupsTest, WaivedFindingsStandAlone) {
  std::vector<Finding> findings;
  for (int i = 0; i < 5; ++i) {
    findings.push_back(MakeOne("a", absl::StrCat("inode ", i), "text"));
    findings.back().set_waived("known");
  }
  EXPECT_EQ(Lines(findings).size(), 5);
}

}  // namespace
}  // namespace devstate
