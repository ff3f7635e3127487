// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend_alt/file_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <sstream>
#include <string>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/test_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples::alt {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class FileTreeTest : public ::testing::Test {
 protected:
  FileTreeTest() {
    files_.AddDirectory("b");
    files_.AddFile("b/deep", "1");
    files_.AddFile("a", "2");
    files_.AddFile("c", "3");
  }

  FileTree Scan(size_t open_every = 0) {
    absl::StatusOr<FileTree> tree = FileTree::Scan(files_.root(), open_every);
    EXPECT_THAT(tree, IsOk());
    return *std::move(tree);
  }

  TestTree files_;
};

TEST_F(FileTreeTest, ScanNumbersLevelByLevelInTheOrderOfNames) {
  const FileTree tree = Scan();
  std::vector<std::string> paths;
  for (const auto& [id, node] : tree.nodes) paths.push_back(tree.PathOf(node));
  EXPECT_THAT(paths, ::testing::ElementsAre("", "a", "b", "c", "b/deep"));
  EXPECT_EQ(tree.next_node, 6u);
  EXPECT_EQ(tree.nodes.at(1).lookups, 4u);
  EXPECT_TRUE(S_ISDIR(tree.nodes.at(3).mode));
  EXPECT_THAT(tree.CheckWhole(), IsOk());
}

TEST_F(FileTreeTest, FileWithTwoNamesIsOneNode) {
  files_.AddHardLink("again", "a");
  const FileTree tree = Scan();
  EXPECT_EQ(tree.nodes.size(), 5u);
  EXPECT_EQ(tree.nodes.at(2).lookups, 2u);
}

TEST_F(FileTreeTest, EveryNodeIsFoundAgainAndOpenFilesAreOpened) {
  FileTree tree = Scan(2);
  ASSERT_EQ(tree.open_files.size(), 1u);
  EXPECT_EQ(tree.open_files.at(0).node, 4u);
  tree.open_files.at(0).fd.Reset();
  EXPECT_THAT(tree.Find(files_.root()), IsOk());
  EXPECT_TRUE(tree.open_files.at(0).fd.valid());
}

TEST_F(FileTreeTest, NodeThatIsGoneOrAnotherTypeIsNamed) {
  FileTree tree = Scan();
  files_.Remove("b/deep");
  EXPECT_THAT(
      tree.Find(files_.root()),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("node 5 at b/deep")));
  files_.AddDirectory("b/deep");
  EXPECT_THAT(tree.Find(files_.root()),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("is a directory here and was a regular")));
}

TEST_F(FileTreeTest, NothingIsOpenedThatIsNoFile) {
  files_.AddFifo("d");
  FileTree tree = Scan();
  tree.open_files[1].node = 5;
  EXPECT_THAT(tree.Find(files_.root()),
              StatusIs(kInvalid, HasSubstr("is a special file")));
}

TEST_F(FileTreeTest, LinkThatLeavesTheDirectoryIsNotFollowed) {
  files_.AddSymlink("out", "/");
  FileTree tree = Scan();
  Node* const below = *tree.Add(90);
  ASSERT_THAT(tree.Link(below, 6, "etc"), IsOk());
  EXPECT_FALSE(tree.Find(files_.root()).ok());
}

TEST(FileTreeLinkTest, WhatIsNoTreeIsRefused) {
  FileTree tree;
  Node* const root = *tree.Add(1);
  Node* const child = *tree.Add(2);
  EXPECT_THAT(tree.Link(root, 2, "x"), StatusIs(kInvalid, HasSubstr("root")));
  for (const char* name : {"", ".", "..", "a/b"}) {
    EXPECT_THAT(tree.Link(child, 1, name), StatusIs(kInvalid)) << name;
  }
  EXPECT_THAT(tree.Link(child, 7, "x"),
              StatusIs(kInvalid, HasSubstr("node 7")));
  EXPECT_THAT(tree.Add(2), StatusIs(kInvalid, HasSubstr("node 2 is twice")));
  EXPECT_THAT(tree.Link(child, 1, "x"), IsOk());
  EXPECT_THAT(tree.Link(*tree.Add(3), 1, "x"),
              StatusIs(kInvalid, HasSubstr("another child")));
}

TEST(FileTreeLinkTest, CycleDoesNotHangOnTheRoot) {
  FileTree tree;
  ASSERT_THAT(tree.Add(1), IsOk());
  ASSERT_THAT(tree.Add(2), IsOk());
  ASSERT_THAT(tree.Link(*tree.Add(3), 2, "x"), IsOk());
  ASSERT_THAT(tree.Link(&tree.nodes.at(2), 3, "y"), IsOk());
  EXPECT_THAT(tree.CheckWhole(),
              StatusIs(kInvalid, HasSubstr("node 2 does not hang")));
}

TEST(FileTreeLinkTest, OpenFileOfNoNodeIsRefused) {
  FileTree tree;
  ASSERT_THAT(tree.Add(1), IsOk());
  tree.open_files[4].node = 9;
  EXPECT_THAT(tree.CheckWhole(), StatusIs(kInvalid, HasSubstr("open file 4")));
  tree.nodes.clear();
  EXPECT_THAT(tree.CheckWhole(), StatusIs(kInvalid, HasSubstr("open file 4")));
}

}  // namespace
}  // namespace devstate::examples::alt
