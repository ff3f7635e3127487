// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/tree_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {
namespace {

using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TreeCheckTest : public ::testing::Test {
 protected:
  TreeCheckTest() {
    root_ = ::testing::TempDir() + "tree-XXXXXX";
    if (mkdtemp(root_.data()) == nullptr) abort();
  }
  ~TreeCheckTest() override { std::filesystem::remove_all(root_); }

  void MakeDirectory(const std::string& path) {
    std::filesystem::create_directories(root_ + "/" + path);
  }
  void MakeFile(const std::string& path) {
    std::ofstream(root_ + "/" + path) << "content";
  }

  // The findings as "rule inode path found".
  std::vector<std::string> Check(const TestState& state) {
    const Converted portable = Import(state.Encode());
    EXPECT_TRUE(portable.written());
    const absl::StatusOr<Verdict> verdict =
        CheckTree(Opening(portable.bytes), root_, nullptr);
    if (!verdict.ok()) return {verdict.status().ToString()};
    std::vector<std::string> lines;
    for (const Finding& finding : verdict->findings()) {
      lines.push_back(absl::StrCat(finding.rule(), " ", finding.path(), " ",
                                   finding.written(), " ", finding.read()));
    }
    return lines;
  }

  // The handle of a file as the kernel has it; empty where it has none.
  std::string HandleOf(const std::string& path) {
    union {
      file_handle handle;
      char room[sizeof(file_handle) + kMaxFileHandle];
    } buffer = {};
    buffer.handle.handle_bytes = kMaxFileHandle;
    int mount = 0;
    if (name_to_handle_at(AT_FDCWD, (root_ + "/" + path).c_str(),
                          &buffer.handle, &mount, 0) != 0) {
      return "";
    }
    return FileHandleBytes(
        27, buffer.handle.handle_type,
        std::string(reinterpret_cast<const char*>(buffer.handle.f_handle),
                    buffer.handle.handle_bytes));
  }

  std::string root_;
};

TEST_F(TreeCheckTest, StateWhoseFilesAreThereHasNoFinding) {
  MakeDirectory("dir");
  MakeFile("dir/file");
  EXPECT_THAT(Check(SmallState()), IsEmpty());
  // A guest that has not mounted has none.
  EXPECT_THAT(Check(TestState()), IsEmpty());
}

TEST_F(TreeCheckTest, MissingFileIsNamedWithItsPath) {
  MakeDirectory("dir");
  EXPECT_THAT(Check(SmallState()),
              ElementsAre("foreign-no-file inode 3 \"dir/file\" nothing"));
}

TEST_F(TreeCheckTest, AllThatWasInAMissingDirectoryIsMissing) {
  TestState state = SmallState();
  state.inodes[0].refcount = 3;
  state.inodes.push_back({4, 1, AtPath(1, "other"), ""});
  state.next_inode = 5;
  MakeFile("other");
  EXPECT_THAT(Check(state),
              ElementsAre("foreign-no-file inode 2 \"dir\" nothing",
                          "foreign-no-file inode 3 \"dir/file\" nothing"));
}

TEST_F(TreeCheckTest, ParentMayComeAfterItsChild) {
  TestState state = SmallState();
  state.inodes = {{1, 2, AtRoot(), ""},
                  {2, 1, AtPath(3, "file"), ""},
                  {3, 2, AtPath(1, "dir"), ""}};
  state.handles[0].inode = 2;
  MakeDirectory("dir");
  MakeFile("dir/file");
  EXPECT_THAT(Check(state), IsEmpty());
}

TEST_F(TreeCheckTest, FileInThePlaceOfADirectoryIsOfAnotherType) {
  MakeFile("dir");
  EXPECT_THAT(Check(SmallState()),
              ElementsAre("foreign-other-type inode 2 \"dir\" a regular file",
                          "foreign-no-file inode 3 \"dir/file\" nothing"));
}

TEST_F(TreeCheckTest, SymbolicLinksAreNotFollowed) {
  MakeDirectory("real");
  MakeFile("real/file");
  std::filesystem::create_directory_symlink("real", root_ + "/dir");
  EXPECT_THAT(Check(SmallState()),
              ElementsAre("foreign-other-type inode 2 \"dir\" a symbolic link",
                          "foreign-no-file inode 3 \"dir/file\" nothing"));
  // A link that is itself the file is there.
  TestState state = SmallState();
  state.inodes = {{1, 2, AtRoot(), ""}, {2, 1, AtPath(1, "dir"), ""}};
  state.handles.clear();
  EXPECT_THAT(Check(state), IsEmpty());
}

TEST_F(TreeCheckTest, FullPathsAreLookedUpFromTheRoot) {
  TestState state = SmallState();
  state.inodes = {{1, 1, AtRoot(), ""},
                  {2, 1, AtFullPath("a/b/file"), ""},
                  {3, 1, AtFullPath("a/none/file"), ""},
                  {4, 1, AtPath(5, "child"), ""},
                  {5, 2, AtFullPath("a/b"), ""}};
  state.next_inode = 6;
  state.handles.clear();
  MakeDirectory("a/b");
  MakeFile("a/b/file");
  MakeFile("a/b/child");
  EXPECT_THAT(Check(state),
              ElementsAre("foreign-no-file inode 3 \"a/none/file\" nothing"));
}

TEST_F(TreeCheckTest, FileThatWasMadeAnewHasAnotherHandle) {
  MakeDirectory("dir");
  MakeFile("dir/file");
  const std::string handle = HandleOf("dir/file");
  if (handle.empty()) GTEST_SKIP() << "this file system has no file handles";
  TestState state = SmallState();
  state.inodes[2].file_handle = handle;
  EXPECT_THAT(Check(state), IsEmpty());
  // The old one stays, or its number could be used again.
  MakeFile("kept");
  std::filesystem::rename(root_ + "/dir/file", root_ + "/kept");
  MakeFile("dir/file");
  EXPECT_THAT(Check(state),
              ElementsAre("foreign-other-file inode 3 \"dir/file\" a file with "
                          "another handle"));
}

TEST_F(TreeCheckTest, LostFilesStayAWarning) {
  TestState state = SmallState();
  state.inodes[2].location = AtNothing();
  MakeDirectory("dir");
  EXPECT_THAT(Check(state), ElementsAre(HasSubstr("foreign-lost inode 3")));
}

TEST_F(TreeCheckTest, ManyDirectoriesNeedFewDescriptors) {
  TestState state;
  state.inodes = {{1, 2000, AtRoot(), ""}};
  for (uint64_t i = 0; i < 1000; ++i) {
    const std::string name = absl::StrCat("d", i);
    state.inodes.push_back({2 + 2 * i, 1, AtPath(1, name), ""});
    state.inodes.push_back({3 + 2 * i, 1, AtPath(2 + 2 * i, "file"), ""});
    MakeDirectory(name);
    if (i != 500) MakeFile(name + "/file");
  }
  state.next_inode = 3000;
  EXPECT_THAT(Check(state),
              ElementsAre("foreign-no-file inode 1003 \"d500/file\" nothing"));
}

TEST_F(TreeCheckTest, DeepTreesAreFollowedDown) {
  TestState state;
  state.inodes = {{1, 1, AtRoot(), ""}};
  std::string path;
  for (uint64_t i = 2; i < 602; ++i) {
    state.inodes.push_back({i, 1, AtPath(i - 1, "d"), ""});
    absl::StrAppend(&path, i == 2 ? "" : "/", "d");
  }
  state.next_inode = 700;
  MakeDirectory(path);
  EXPECT_THAT(Check(state), IsEmpty());
}

// Otherwise many files in a deep tree would take GBs.
TEST_F(TreeCheckTest, PathsOfFindingsAreShortened) {
  TestState state;
  state.inodes = {{1, 1, AtRoot(), ""}};
  const std::string name(200, 'd');
  for (uint64_t i = 2; i < 102; ++i) {
    state.inodes.push_back({i, 1, AtPath(i - 1, name), ""});
  }
  state.next_inode = 102;
  const std::vector<std::string> findings = Check(state);
  ASSERT_EQ(findings.size(), 100);
  EXPECT_THAT(findings[0], HasSubstr(absl::StrCat("\"", name, "\"")));
  EXPECT_LT(findings[99].size(), 1500);
  EXPECT_THAT(findings[99], HasSubstr("…/" + name));
}

TEST_F(TreeCheckTest, MountPathIsNotFollowedThroughASymbolicLink) {
  TestState state;
  state.inodes = {{1, 1, AtRoot(), ""},
                  {2, 1, AtFileHandle(FileHandleBytes(27, 1, "handle")), ""}};
  state.next_inode = 3;
  state.mount_paths = {{27, "link/mount"}};
  MakeDirectory("real/mount");
  std::filesystem::create_directory_symlink("real", root_ + "/link");
  EXPECT_THAT(Check(state), ElementsAre(HasSubstr("foreign-no-file inode 2")));
}

TEST_F(TreeCheckTest, DirectoryThatIsNotThereIsAnError) {
  const Converted portable = Import(SmallState().Encode());
  EXPECT_THAT(CheckTree(Opening(portable.bytes), root_ + "/none", nullptr),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("none")));
  EXPECT_FALSE(CheckTree(Opening("no stream"), root_, nullptr).ok());
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
