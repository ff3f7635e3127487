// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/directory_walker.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/inode_table.h"
#include "examples/fs_backend/test_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Paths(const InodeTable& table) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < table.inodes.size(); ++i) {
    paths.push_back(PathOf(table, i));
  }
  return paths;
}

// Gives up root's right to read what its mode forbids, for this process.
void DropReadOverride() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  ASSERT_EQ(syscall(SYS_capget, &header, data), 0);
  data[0].effective &=
      ~((1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH));
  ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

TEST(DirectoryWalkerTest, EmptyDirectoryIsTheRootAlone) {
  const TestTree tree;
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  ASSERT_EQ(walk->table.inodes.size(), 1u);
  const Inode& root = walk->table.inodes[0];
  EXPECT_EQ(root.id, kRootId);
  EXPECT_EQ(root.refcount, 1u);
  EXPECT_TRUE(S_ISDIR(root.mode));
  EXPECT_EQ(walk->table.next_inode_id, 2u);
}

TEST(DirectoryWalkerTest, EntriesAreSortedAndParentsComeFirst) {
  TestTree tree;
  tree.AddDirectory("b");
  tree.AddFile("b/z");
  tree.AddDirectory("b/y");
  tree.AddFile("b/y/deep");
  tree.AddFile("c");
  tree.AddFile("a");
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  EXPECT_THAT(Paths(walk->table),
              ElementsAre(".", "a", "b", "c", "b/y", "b/z", "b/y/deep"));
  EXPECT_THAT(CheckTable(walk->table), IsOk());
}

TEST(DirectoryWalkerTest, RefcountIsOneAndOneMoreForEachChild) {
  TestTree tree;
  tree.AddDirectory("dir");
  tree.AddFile("dir/a");
  tree.AddFile("dir/b");
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  EXPECT_EQ(walk->table.inodes[0].refcount, 2u);
  EXPECT_EQ(walk->table.inodes[1].refcount, 3u);
  EXPECT_EQ(walk->table.inodes[2].refcount, 1u);
}

TEST(DirectoryWalkerTest, FileWithTwoNamesIsOneInode) {
  TestTree tree;
  tree.AddFile("a");
  tree.AddHardLink("b", "a");
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  EXPECT_THAT(Paths(walk->table), ElementsAre(".", "a"));
  EXPECT_EQ(walk->table.inodes[1].refcount, 2u);
}

TEST(DirectoryWalkerTest, SymlinksAreRecordedAndNotFollowed) {
  TestTree tree;
  tree.AddSymlink("loop", ".");
  tree.AddSymlink("out", "/");
  tree.AddSymlink("dangling", "nowhere");
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  EXPECT_THAT(Paths(walk->table), ElementsAre(".", "dangling", "loop", "out"));
  EXPECT_TRUE(S_ISLNK(walk->table.inodes[2].mode));
}

TEST(DirectoryWalkerTest, SpecialFilesAreRecordedAndNotOpened) {
  TestTree tree;
  tree.AddFifo("fifo");
  const auto walk = WalkDirectory(tree.root(), {/*open_every=*/1});
  ASSERT_THAT(walk, IsOk());
  EXPECT_TRUE(S_ISFIFO(walk->table.inodes[1].mode));
  EXPECT_TRUE(walk->table.open_handles.empty());
}

TEST(DirectoryWalkerTest, TwoWalksGiveTheSameTable) {
  TestTree tree;
  for (const char* name : {"x", "q", "m", "b"}) tree.AddFile(name);
  const auto first = WalkDirectory(tree.root(), {/*open_every=*/2});
  const auto second = WalkDirectory(tree.root(), {/*open_every=*/2});
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(FirstDifference(first->table, second->table), std::nullopt);
}

TEST(DirectoryWalkerTest, EveryKthRegularFileIsHeldOpen) {
  TestTree tree;
  tree.AddDirectory("d");
  for (const char* name : {"a", "b", "c", "e"}) tree.AddFile(name, name);
  const auto walk = WalkDirectory(tree.root(), {/*open_every=*/2});
  ASSERT_THAT(walk, IsOk());
  const InodeTable& table = walk->table;
  ASSERT_EQ(table.open_handles.size(), 2u);
  EXPECT_EQ(PathOf(table, *FindInode(table, table.open_handles[0].inode)), "b");
  EXPECT_EQ(PathOf(table, *FindInode(table, table.open_handles[1].inode)), "e");
  EXPECT_EQ(table.next_handle_id, 2u);
  ASSERT_EQ(walk->open_files.size(), 2u);
  char content = 0;
  EXPECT_EQ(read(walk->open_files[1].fd.get(), &content, 1), 1);
  EXPECT_EQ(content, 'e');
}

TEST(DirectoryWalkerTest, OpenHandlesAreBounded) {
  TestTree tree;
  for (const char* name : {"a", "b", "c", "e"}) tree.AddFile(name);
  const auto walk =
      WalkDirectory(tree.root(), {/*open_every=*/1, /*max_open_handles=*/3});
  ASSERT_THAT(walk, IsOk());
  EXPECT_EQ(walk->table.open_handles.size(), 3u);
}

TEST(DirectoryWalkerTest, DeepTreeNeedsFewDescriptors) {
  TestTree tree;
  std::string path = "d";
  for (int depth = 0; depth < 200; ++depth, path += "/d") {
    tree.AddDirectory(path);
    tree.AddDirectory(path + "e");
  }
  const ptrdiff_t before = CountOpenFds();
  const auto walk = WalkDirectory(tree.root(), {});
  ASSERT_THAT(walk, IsOk());
  EXPECT_EQ(walk->table.inodes.size(), 401u);
  EXPECT_EQ(CountOpenFds(), before);
}

TEST(DirectoryWalkerTest, MissingDirectoryIsNamed) {
  const TestTree tree;
  EXPECT_THAT(WalkDirectory(tree.Path("no"), {}),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("/no\" does not exist"),
                             HasSubstr("give another directory"))));
}

TEST(DirectoryWalkerTest, FileInPlaceOfADirectoryIsNamed) {
  TestTree tree;
  tree.AddFile("file");
  EXPECT_THAT(WalkDirectory(tree.Path("file"), {}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("/file\" is not a directory")));
}

TEST(DirectoryWalkerTest, NameThatIsNotUtf8IsEscapedAndNamed) {
  TestTree tree;
  tree.AddDirectory("dir");
  tree.AddFile("dir/bad\xff\n");
  EXPECT_THAT(WalkDirectory(tree.root(), {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("\"bad\\xff\\n\" in directory \"dir\""),
                             HasSubstr("rename"))));
}

TEST(DirectoryWalkerTest, UnreadableDirectoryIsNamed) {
  TestTree tree;
  tree.AddDirectory("dir");
  tree.AddDirectory("dir/locked");
  ASSERT_EQ(chmod(tree.Path("dir/locked").c_str(), 0), 0);
  DropReadOverride();
  EXPECT_THAT(WalkDirectory(tree.root(), {}),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("directory \"dir/locked\" of shared"),
                             HasSubstr("let this user read it"))));
  EXPECT_EQ(chmod(tree.Path("dir/locked").c_str(), 0755), 0);
}

}  // namespace
}  // namespace devstate::examples
