// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/tree_check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/compat/rules.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/foreign/states/virtiofsd/test_states.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {
namespace {

using ::devices::fs::v1::AttributesRow;
using ::devices::fs::v1::Inode_LostRow;
using ::devices::fs::v1::Inode_PathRow;
using ::devstate::testing::IsOk;
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
    return Check(portable.bytes, root_);
  }

  // Those of a portable state, which nothing has refused before.
  static std::vector<std::string> Check(const std::string& portable,
                                        const std::string& directory) {
    const absl::StatusOr<Verdict> verdict =
        CheckTree(Opening(portable), directory, nullptr);
    if (!verdict.ok()) return {verdict.status().ToString()};
    std::vector<std::string> lines;
    for (const Finding& finding : verdict->findings()) {
      lines.push_back(absl::StrCat(finding.rule(), " ", finding.path(), " ",
                                   finding.written(), " ", finding.read()));
    }
    return lines;
  }

  // The only finding, with its level and text.
  std::string OnlyFinding(const std::vector<InodeRow>& inodes,
                          const std::string& directory) {
    const absl::StatusOr<Verdict> verdict =
        CheckTree(Opening(Portable(inodes)), directory, nullptr);
    if (!verdict.ok()) return verdict.status().ToString();
    if (verdict->findings_size() != 1) return verdict->DebugString();
    const Finding& finding = verdict->findings(0);
    EXPECT_EQ(verdict->level(), finding.level());
    return absl::StrCat(finding.rule(), " ", LevelName(finding.level()), " ",
                        finding.path(), " ", finding.written(), " ",
                        finding.read(), ": ", finding.text());
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

InodeRow Row(uint64_t id) {
  InodeRow row;
  row.id = id;
  row.refcount = 1;
  return row;
}

InodeRow PathRow(uint64_t id, uint64_t parent, absl::string_view name) {
  InodeRow row = Row(id);
  row.path = Inode_PathRow{parent, name};
  return row;
}

InodeRow HandleRow(uint64_t id, absl::string_view handle) {
  InodeRow row = Row(id);
  row.handle = FileHandleRow{27, 1, handle};
  return row;
}

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

TEST_F(TreeCheckTest, FullPathMayEndInTheDirectoryItself) {
  TestState state;
  state.inodes = {{1, 1, AtRoot(), ""},
                  {2, 1, AtFullPath("./a/."), ""},
                  {3, 1, AtPath(2, "file"), ""}};
  state.next_inode = 4;
  MakeDirectory("a");
  MakeFile("a/file");
  EXPECT_THAT(Check(state), IsEmpty());
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

TEST_F(TreeCheckTest, MissingFileRefusesTheState) {
  EXPECT_EQ(
      OnlyFinding({RootRow(), PathRow(2, 1, "file")}, root_),
      "foreign-no-file refused inode 2 \"file\" nothing: there is no such "
      "file beneath the directory");
}

TEST_F(TreeCheckTest, TypeThatTheSourceSawIsCompared) {
  InodeRow file = PathRow(2, 1, "file");
  file.attributes = AttributesRow{S_IFREG | 0644, 7, 0};
  MakeDirectory("file");
  EXPECT_EQ(
      OnlyFinding({RootRow(), file}, root_),
      "foreign-other-type refused inode 2 \"file\" a directory: the state "
      "has a regular file here");
  // The source did not say which.
  file.attributes->mode = 0;
  EXPECT_THAT(Check(Portable({RootRow(), file}), root_), IsEmpty());
}

TEST_F(TreeCheckTest, SpecialFilesAreNamed) {
  const auto finding = [&](mode_t type) {
    const std::string name = absl::StrCat("special", type);
    EXPECT_EQ(mknod((root_ + "/" + name).c_str(), type | 0600, 0), 0);
    InodeRow file = PathRow(2, 1, name);
    file.attributes = AttributesRow{S_IFREG | 0600, 7, 0};
    return OnlyFinding({RootRow(), file}, root_);
  };
  EXPECT_THAT(finding(S_IFIFO), HasSubstr(" a FIFO: "));
  EXPECT_THAT(finding(S_IFSOCK), HasSubstr(" a socket: "));
  InodeRow device = PathRow(2, 1, "null");
  device.attributes = AttributesRow{S_IFLNK | 0777, 7, 0};
  EXPECT_EQ(OnlyFinding({RootRow(), device}, "/dev"),
            "foreign-other-type refused inode 2 \"null\" a device: the state "
            "has a symbolic link here");
}

TEST_F(TreeCheckTest, DirectoryOutsideIsNotLookedInto) {
  MakeDirectory("shared");
  MakeDirectory("outside");
  MakeFile("outside/file");
  std::filesystem::create_directory_symlink("..", root_ + "/shared/link");
  EXPECT_THAT(
      Check(Portable({RootRow(), PathRow(2, 1, ".."), PathRow(3, 2, "outside"),
                      PathRow(4, 3, "file"), PathRow(5, 1, "link/outside"),
                      PathRow(6, 5, "file")}),
            root_ + "/shared"),
      ElementsAre("foreign-no-file inode 2 \"..\" nothing",
                  "foreign-no-file inode 3 \"../outside\" nothing",
                  "foreign-no-file inode 4 \"../outside/file\" nothing",
                  "foreign-no-file inode 5 \"link/outside\" nothing",
                  "foreign-no-file inode 6 \"link/outside/file\" nothing"));
}

TEST_F(TreeCheckTest, PathOutsideIsNotFollowed) {
  MakeDirectory("shared");
  MakeDirectory("outside");
  MakeFile("outside/file");
  InodeRow file = Row(2);
  file.full_path = "../outside/file";
  InodeRow directory = Row(3);
  directory.full_path = "../outside";
  EXPECT_THAT(Check(Portable({RootRow(), file, directory, PathRow(4, 3, "file"),
                              HandleRow(5, "handle")},
                             {{27, "../outside"}}),
                    root_ + "/shared"),
              ElementsAre("foreign-no-file inode 2 \"../outside/file\" nothing",
                          "foreign-no-file inode 3 \"../outside\" nothing",
                          "foreign-no-file inode 4 \"../outside/file\" nothing",
                          "foreign-no-file inode 5  nothing"));
}

TEST_F(TreeCheckTest, CycleOfParentsIsFoundNowhere) {
  MakeDirectory("a/b");
  const std::vector<std::string> findings = Check(
      Portable({RootRow(), PathRow(2, 3, "a"), PathRow(3, 2, "b")}), root_);
  EXPECT_THAT(findings, ElementsAre(HasSubstr("foreign-no-file inode 2"),
                                    HasSubstr("foreign-no-file inode 3")));
  EXPECT_LT(findings[0].size(), 1500);
}

TEST_F(TreeCheckTest, FileWithoutAWayToItIsFoundNowhere) {
  MakeFile("file");
  InodeRow lost = Row(3);
  lost.lost = Inode_LostRow();
  EXPECT_THAT(Check(Portable({RootRow(), PathRow(2, 9, "file"), lost,
                              PathRow(4, 3, "file"), Row(5)}),
                    root_),
              ElementsAre("foreign-no-file inode 2 \"?/file\" nothing",
                          "foreign-lost inode 3  ",
                          "foreign-no-file inode 4 \"?/file\" nothing",
                          "foreign-no-file inode 5  nothing"));
}

TEST_F(TreeCheckTest, HandleNeedsItsMount) {
  const std::vector<InodeRow> inodes = {RootRow(), HandleRow(2, "handle")};
  EXPECT_THAT(Check(Portable(inodes), root_),
              ElementsAre("foreign-no-file inode 2  nothing"));
  EXPECT_THAT(Check(Portable(inodes, {{27, "none"}}), root_),
              ElementsAre("foreign-no-file inode 2  nothing"));
}

// Nobody may open this handle.
TEST_F(TreeCheckTest, WhatMayNotBeOpenedIsNotLookedAt) {
  EXPECT_THAT(Check(Portable({RootRow(), HandleRow(2, ""),
                              PathRow(3, 2, "file"), PathRow(4, 2, "other")},
                             {{27, "."}}),
                    root_),
              ElementsAre("foreign-unchecked inode 2  ",
                          "foreign-unchecked inode 3 \"?/file\" ",
                          "foreign-unchecked inode 4 \"?/other\" "));
}

TEST_F(TreeCheckTest, FilesOfADirectoryAreFoundByItsHandle) {
  MakeDirectory("dir");
  MakeFile("dir/file");
  TestState state;
  const std::string handle = HandleOf("dir");
  if (handle.empty()) GTEST_SKIP() << "this file system has no file handles";
  state.inodes = {{1, 1, AtRoot(), ""},
                  {2, 2, AtFileHandle(handle), ""},
                  {3, 1, AtPath(2, "file"), ""},
                  {4, 1, AtPath(2, "none"), ""}};
  state.next_inode = 5;
  state.mount_paths = {{27, "."}};
  const std::vector<std::string> findings = Check(state);
  if (!findings.empty() && findings[0] == "foreign-unchecked inode 2  ") {
    GTEST_SKIP() << "this user may not open file handles";
  }
  EXPECT_THAT(findings,
              ElementsAre("foreign-no-file inode 4 \"?/none\" nothing"));
}

TEST_F(TreeCheckTest, FileSystemWithoutHandlesVerifiesNone) {
  InodeRow file = PathRow(2, 1, "version");
  file.verification_handle = FileHandleRow{27, 1, "handle"};
  EXPECT_EQ(OnlyFinding({RootRow(), file}, "/proc"),
            "foreign-unchecked compatible inode 2 \"version\" : could not be "
            "looked at: Operation not supported");
}

TEST_F(TreeCheckTest, ProgressIsTold) {
  std::vector<InodeRow> inodes = {RootRow()};
  for (uint64_t id = 2; id < 2100; ++id) inodes.push_back(PathRow(id, 1, "f"));
  MakeFile("f");
  std::vector<uint64_t> told;
  const absl::StatusOr<Verdict> verdict =
      CheckTree(Opening(Portable(inodes)), root_,
                [&](uint64_t seen) { told.push_back(seen); });
  ASSERT_THAT(verdict, IsOk());
  EXPECT_EQ(verdict->level(), VERDICT_LEVEL_COMPATIBLE);
  EXPECT_THAT(told, ElementsAre(1024u, 2048u));
}

TEST_F(TreeCheckTest, StateThatChangesBetweenPassesIsRefused) {
  for (const int change_at : {1, 2}) {
    SCOPED_TRACE(change_at);
    int opened = 0;
    const OpenSource changing = [&] {
      const bool changed = opened++ >= change_at;
      return Opening(
          Portable({RootRow(), PathRow(2, 1, changed ? "other" : "file")}))();
    };
    EXPECT_THAT(CheckTree(changing, root_, nullptr),
                StatusIs(absl::StatusCode::kAborted,
                         HasSubstr("the input changed while it was read")));
  }
}

TEST_F(TreeCheckTest, DirectoriesAreLimited) {
  const auto status = [&](uint64_t directories) {
    std::vector<InodeRow> inodes = {RootRow()};
    for (uint64_t id = 2; id < 2 + directories; ++id) {
      inodes.push_back(PathRow(id, 1, "dir"));
    }
    // Each directory often, and never twice in a row.
    for (uint64_t id = 10; id < 50; ++id) {
      inodes.push_back(PathRow(id, 2 + id % directories, "file"));
    }
    TreeLimits limits;
    limits.directories = 4;
    return CheckTree(Opening(Portable(inodes)), root_, nullptr, limits);
  };
  // The root is one, too.
  EXPECT_THAT(status(3), IsOk());
  EXPECT_THAT(status(4),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "the state has more directories than the limit, 4: its "
                       "files cannot be looked for"));
}

TEST_F(TreeCheckTest, NamesOfDirectoriesAreLimited) {
  const auto status = [&](absl::string_view name) {
    TreeLimits limits;
    limits.name_bytes = 3;
    return CheckTree(Opening(Portable({RootRow(), PathRow(2, 1, name),
                                       PathRow(3, 2, "long name")})),
                     root_, nullptr, limits);
  };
  EXPECT_THAT(status("abc"), IsOk());
  EXPECT_THAT(status("abcd"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       "the state has more bytes in the names of directories "
                       "than the limit, 3: its files cannot be looked for"));
}

TEST_F(TreeCheckTest, DirectoryThatIsNotThereIsAnError) {
  const Converted portable = Import(SmallState().Encode());
  EXPECT_THAT(CheckTree(Opening(portable.bytes), root_ + "/none", nullptr),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("none")));
  EXPECT_FALSE(CheckTree(Opening("no stream"), root_, nullptr).ok());
}

}  // namespace
}  // namespace devstate::virtiofsd::testing
