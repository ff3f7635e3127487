// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/refind.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/inode_table.h"
#include "examples/fs_backend/test_tables.h"
#include "examples/fs_backend/test_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<uint64_t> Ids(const std::vector<Inode>& inodes) {
  std::vector<uint64_t> ids;
  for (const Inode& inode : inodes) ids.push_back(inode.id);
  return ids;
}

// The tree of MakeSmallTable().
class RefindTest : public ::testing::Test {
 protected:
  RefindTest() {
    tree_.AddDirectory("dir");
    tree_.AddFile("dir/file", "content");
  }

  absl::StatusOr<Refound> Load(const InodeTable& table) {
    return Refind(table, tree_.root(), {});
  }

  TestTree tree_;
  InodeTable table_ = MakeSmallTable();
};

TEST_F(RefindTest, WalkedTreeIsFoundAgain) {
  tree_.AddSymlink("link", "/etc/passwd");
  tree_.AddFifo("fifo");
  const auto walk = WalkDirectory(tree_.root(), {/*open_every=*/1});
  ASSERT_THAT(walk, IsOk());
  const auto refound = Load(walk->table);
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->inodes, 5u);
  EXPECT_EQ(refound->open_files.size(), 1u);
}

TEST_F(RefindTest, EmptyTableHasNothingToFind) {
  const auto refound = Load(InodeTable());
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->inodes, 0u);
}

TEST_F(RefindTest, FilesOfUnknownModeAreFoundAndOpened) {
  for (Inode& inode : table_.inodes) inode.mode = 0;
  const auto refound = Load(table_);
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->inodes, 3u);
  EXPECT_EQ(refound->open_files.size(), 1u);
}

TEST_F(RefindTest, FifoOfUnknownModeIsNotOpened) {
  for (Inode& inode : table_.inodes) inode.mode = 0;
  tree_.Remove("dir/file");
  tree_.AddFifo("dir/file");
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("would open a FIFO")));
}

TEST_F(RefindTest, ParentWithALaterIdIsFound) {
  InodeTable table = MakeRoot();
  table.inodes.push_back(MakeInode(2, 3, "file", S_IFREG));
  table.inodes.push_back(MakeInode(3, kRootId, "dir", S_IFDIR));
  EXPECT_THAT(Load(table), IsOk());
}

TEST_F(RefindTest, OpenHandleReadsItsFile) {
  const auto refound = Load(table_);
  ASSERT_THAT(refound, IsOk());
  ASSERT_EQ(refound->open_files.size(), 1u);
  EXPECT_EQ(refound->open_files[0].handle_id, 7u);
  char content[16];
  EXPECT_EQ(read(refound->open_files[0].fd.get(), content, sizeof(content)), 7);
}

TEST_F(RefindTest, SeveralHandlesOfOneInodeKeepTheirOrderAndAccess) {
  table_.open_handles = {{1, 3, O_WRONLY}, {2, 2, O_RDONLY}, {3, 3, O_RDWR}};
  const auto refound = Load(table_);
  ASSERT_THAT(refound, IsOk());
  ASSERT_EQ(refound->open_files.size(), 3u);
  const int expected[] = {O_WRONLY, O_RDONLY, O_RDWR};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(refound->open_files[i].handle_id, i + 1);
    const int flags = fcntl(refound->open_files[i].fd.get(), F_GETFL);
    EXPECT_EQ(flags & O_ACCMODE, expected[i]);
  }
}

TEST_F(RefindTest, LoadNeverTruncates) {
  table_.open_handles[0].flags = O_RDWR | O_TRUNC | O_CREAT;
  ASSERT_THAT(Load(table_), IsOk());
  EXPECT_EQ(tree_.Content("dir/file"), "content");
}

TEST_F(RefindTest, LoadNeverCreates) {
  tree_.Remove("dir/file");
  table_.open_handles[0].flags = O_RDWR | O_CREAT;
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kNotFound,
                                     HasSubstr("inode 3 (\"dir/file\")")));
  EXPECT_NE(access(tree_.Path("dir/file").c_str(), F_OK), 0);
}

TEST_F(RefindTest, MissingDirectoryIsNamedWithItsInode) {
  tree_.Remove("dir");
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kNotFound,
                                     HasSubstr("inode 2 (\"dir\")")));
}

TEST_F(RefindTest, MissingSharedDirectoryIsNamed) {
  EXPECT_THAT(
      Refind(table_, tree_.Path("no"), {}),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no\" does not exist")));
}

TEST_F(RefindTest, AnotherTypeIsRefused) {
  tree_.Remove("dir/file");
  tree_.AddDirectory("dir/file");
  EXPECT_THAT(
      Load(table_),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr("is a directory here and was a regular file")));
}

TEST_F(RefindTest, ReplacedFileIsRefusedByItsHandle) {
  const auto walk = WalkDirectory(tree_.root(), {});
  ASSERT_THAT(walk, IsOk());
  if (!walk->table.inodes[2].file_handle.has_value()) {
    GTEST_SKIP() << "this file system has no handles";
  }
  // A rename, so that the two files exist at once and cannot share an inode.
  tree_.AddFile("dir/other");
  ASSERT_EQ(
      rename(tree_.Path("dir/other").c_str(), tree_.Path("dir/file").c_str()),
      0);
  EXPECT_THAT(Load(walk->table),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("inode 3 (\"dir/file\") is another file")));
  EXPECT_THAT(Refind(walk->table, tree_.root(), {/*check_file_handles=*/false}),
              IsOk());
}

TEST_F(RefindTest, HandleOfAnUnknownKindIsRefused) {
  const auto walk = WalkDirectory(tree_.root(), {});
  ASSERT_THAT(walk, IsOk());
  if (!walk->table.inodes[0].file_handle.has_value()) {
    GTEST_SKIP() << "this file system has no handles";
  }
  table_.inodes[0].file_handle = FileHandle{-1, std::string(100000, 'x')};
  EXPECT_THAT(Load(table_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("inode 1 (\".\") is another file")));
}

TEST_F(RefindTest, NameThatClimbsOutIsRefused) {
  table_.inodes[2].name = "../../etc/passwd";
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("../../etc/passwd")));
}

TEST_F(RefindTest, AbsoluteNameIsRefused) {
  table_.inodes[2].name = "/etc/passwd";
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("contains a '/'")));
}

TEST_F(RefindTest, CycleIsRefused) {
  table_.inodes[1].parent = 2;
  EXPECT_THAT(Load(table_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cycle")));
}

TEST_F(RefindTest, DuplicateIdIsRefused) {
  table_.inodes[2].id = 2;
  EXPECT_THAT(Load(table_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

TEST_F(RefindTest, MissingParentIsRefused) {
  table_.inodes[2].parent = 99;
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("inode 99, is missing")));
}

TEST_F(RefindTest, SymlinkInPlaceOfADirectoryIsNotFollowed) {
  TestTree outside;
  outside.AddFile("file", "secret");
  tree_.Remove("dir");
  tree_.AddSymlink("dir", outside.root());
  EXPECT_THAT(Load(table_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("inode 2 (\"dir\") is a symbolic link here")));
}

TEST_F(RefindTest, SymlinkInPlaceOfAFileIsNotFollowed) {
  tree_.Remove("dir/file");
  tree_.AddSymlink("dir/file", "/etc/passwd");
  EXPECT_THAT(
      Load(table_),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr("inode 3 (\"dir/file\") is a symbolic link here")));
}

TEST_F(RefindTest, OpenHandleOnASymlinkIsRefused) {
  tree_.AddSymlink("link", "/etc/passwd");
  table_.inodes.push_back(MakeInode(4, kRootId, "link", S_IFLNK));
  table_.open_handles[0].inode = 4;
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("would open a symbolic link")));
}

TEST_F(RefindTest, OpenHandleOnAFifoIsRefused) {
  tree_.AddFifo("fifo");
  table_.inodes.push_back(MakeInode(4, kRootId, "fifo", S_IFIFO));
  table_.open_handles[0].inode = 4;
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("would open a FIFO")));
}

TEST_F(RefindTest, FifoInPlaceOfAnOpenFileIsRefusedWithoutBlocking) {
  tree_.Remove("dir/file");
  tree_.AddFifo("dir/file");
  EXPECT_THAT(Load(table_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("is a FIFO here and was a regular file")));
}

TEST_F(RefindTest, FailureLeavesNothingOpen) {
  table_.inodes.push_back(MakeInode(4, 2, "missing", S_IFREG));
  const ptrdiff_t before = CountOpenFds();
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(CountOpenFds(), before);
}

TEST_F(RefindTest, MoreHandlesThanDescriptorsAreRefusedBeforehand) {
  struct rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t former = limit.rlim_cur;
  limit.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  table_.open_handles.clear();
  for (uint64_t id = 0; id < 200; ++id) {
    table_.open_handles.push_back({id, 3, O_RDONLY});
  }
  EXPECT_THAT(Load(table_), StatusIs(absl::StatusCode::kResourceExhausted,
                                     AllOf(HasSubstr("200 open handles"),
                                           HasSubstr("to at least 264"))));
  limit.rlim_cur = former;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// A tree with a directory of several parts, and many of a few files.
class LargeRefindTest : public RefindTest {
 protected:
  LargeRefindTest() {
    tree_.AddDirectory("large");
    for (int i = 0; i < 2000; ++i) tree_.AddFile(absl::StrCat("large/", i));
    for (int i = 0; i < 200; ++i) {
      tree_.AddDirectory(absl::StrCat("d", i));
      for (int j = 0; j < 10; ++j) tree_.AddFile(absl::StrCat("d", i, "/", j));
    }
    WalkOptions options;
    options.open_every = 50;
    options.change_times = true;
    auto walk = WalkDirectory(tree_.root(), options);
    EXPECT_THAT(walk, IsOk());
    table_ = std::move(walk->table);
  }

  absl::StatusOr<Refound> LoadOn(size_t threads) {
    RefindOptions options;
    options.threads = threads;
    return Refind(table_, tree_.root(), options);
  }
};

TEST_F(LargeRefindTest, ManyThreadsFindWhatOneFinds) {
  for (const size_t threads : {1, 2, 4, 100}) {
    SCOPED_TRACE(threads);
    const auto refound = LoadOn(threads);
    ASSERT_THAT(refound, IsOk());
    EXPECT_EQ(refound->inodes, table_.inodes.size());
    EXPECT_EQ(refound->changed, 0u);
    ASSERT_EQ(refound->open_files.size(), 64u);
    for (size_t i = 0; i < refound->open_files.size(); ++i) {
      EXPECT_EQ(refound->open_files[i].handle_id, table_.open_handles[i].id);
      EXPECT_TRUE(refound->open_files[i].fd.valid());
    }
  }
}

TEST_F(LargeRefindTest, ManyThreadsReportTheErrorThatOneReports) {
  for (const char* gone : {"large/1999", "d7", "d100/3", "d199/9"}) {
    tree_.Remove(gone);
  }
  const ptrdiff_t before = CountOpenFds();
  const auto one = LoadOn(1);
  ASSERT_THAT(one, StatusIs(absl::StatusCode::kNotFound));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(LoadOn(4).status(), one.status());
  }
  EXPECT_EQ(CountOpenFds(), before);
}

TEST_F(RefindTest, ManyDirectoriesNeedFewDescriptors) {
  std::string path = "d";
  for (int depth = 0; depth < 200; ++depth, path += "/d") {
    tree_.AddDirectory(path);
    tree_.AddDirectory(path + "e");
    tree_.AddFile(path + "e/file");
  }
  const auto walk = WalkDirectory(tree_.root(), {/*open_every=*/0});
  ASSERT_THAT(walk, IsOk());
  struct rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlim_t former = limit.rlim_cur;
  limit.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto refound = Load(walk->table);
  limit.rlim_cur = former;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->inodes, 603u);
}

// --- Files that are found ahead ---

class FilesAheadTest : public RefindTest {
 protected:
  FilesAheadTest() {
    table_.open_handles.clear();
    AddAll();
    Look();
  }
  void AddAll() {
    for (const Inode& inode : table_.inodes) ahead_.Add(inode);
  }
  void Look() { ahead_.Look(tree_.root(), {}); }
  absl::StatusOr<Refound> LoadAhead() { return LoadAheadWith(ahead_); }
  absl::StatusOr<Refound> LoadAheadWith(FilesAhead ahead) {
    for (const Inode& inode : table_.inodes) ahead.Take(inode);
    const FilesAhead::Whole whole = ahead.Finish();
    EXPECT_EQ(whole.inodes.size(), table_.inodes.size());
    InodeTable table = table_;
    table.inodes = whole.inodes;
    EXPECT_EQ(FirstDifference(table_, table), std::nullopt);
    return Refind(table, tree_.root(), {}, whole.found);
  }

  FilesAhead ahead_;
};

TEST_F(FilesAheadTest, WhatWasFoundIsNotLookedForAgain) {
  tree_.Remove("dir/file");
  const auto refound = LoadAhead();
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->ahead, 2u);
  EXPECT_EQ(refound->inodes, 3u);
}

TEST_F(FilesAheadTest, AnInodeThatIsAnotherOneNowIsLookedForAgain) {
  table_.inodes[2].name = "renamed";
  EXPECT_THAT(LoadAhead(), StatusIs(absl::StatusCode::kNotFound));
  tree_.AddFile("dir/renamed");
  const auto refound = LoadAhead();
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->ahead, 1u);
}

TEST_F(FilesAheadTest, WhatIsBelowAnotherDirectoryIsLookedForAgain) {
  tree_.AddDirectory("other");
  table_.inodes[1].name = "other";
  EXPECT_THAT(LoadAhead(), StatusIs(absl::StatusCode::kNotFound));
  // In a later round as well.
  AddAll();
  Look();
  EXPECT_THAT(LoadAhead(), StatusIs(absl::StatusCode::kNotFound));
  tree_.AddFile("other/file");
  Look();
  const auto refound = LoadAhead();
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->ahead, 2u);
}

TEST_F(FilesAheadTest, AReferenceMoreIsTheSameFile) {
  ++table_.inodes[2].refcount;
  AddAll();
  tree_.Remove("dir/file");
  Look();
  EXPECT_THAT(LoadAhead(), IsOk());
}

TEST_F(FilesAheadTest, OpenHandlesAreOpenedInTheEnd) {
  table_.open_handles = {{7, 3, O_RDONLY}};
  const auto refound = LoadAhead();
  ASSERT_THAT(refound, IsOk());
  EXPECT_TRUE(refound->open_files[0].fd.valid());
  tree_.Remove("dir/file");
  EXPECT_THAT(LoadAhead(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(FilesAheadTest, WhatIsNotThereYetIsFoundInTheEnd) {
  Inode inode = table_.inodes[2];
  inode.id = 9;
  inode.name = "later";
  ahead_.Add(inode);
  Look();
  tree_.AddFile("dir/later");
  table_.inodes.push_back(inode);
  ++table_.inodes[1].refcount;
  table_.next_inode_id = 10;
  EXPECT_THAT(LoadAhead(), IsOk());
}

TEST_F(FilesAheadTest, WhatIsNotInTheWholeTableIsForgotten) {
  Inode inode = table_.inodes[2];
  inode.id = 9;
  inode.name = "later";
  tree_.AddFile("dir/later");
  ahead_.Add(inode);
  Look();
  const auto refound = LoadAhead();
  ASSERT_THAT(refound, IsOk());
  EXPECT_EQ(refound->ahead, 2u);
}

TEST_F(FilesAheadTest, InodesThatComeInTheEndGetTheirPlaces) {
  // Between those that were seen, after them, and in any order.
  tree_.AddFile("dir/later");
  for (const uint64_t id : {9, 5, 7}) {
    Inode inode = table_.inodes[2];
    inode.id = id;
    inode.name = "later";
    table_.inodes.push_back(inode);
    ++table_.inodes[1].refcount;
    if (id == 7) continue;
    ahead_.Add(inode);
  }
  Look();
  table_.next_inode_id = 10;
  for (const Inode& inode : table_.inodes) ahead_.Take(inode);
  const FilesAhead::Whole whole = ahead_.Finish();
  EXPECT_EQ(Ids(whole.inodes), (std::vector<uint64_t>{1, 2, 3, 5, 7, 9}));
  EXPECT_EQ(whole.found, (std::vector<char>{1, 1, 1, 1, 0, 1}));
}

TEST_F(FilesAheadTest, InodesThatAreTooManyAreFoundInTheEnd) {
  FilesAhead few(2);
  // A source may send one again and again.
  for (int i = 0; i < 10; ++i) few.Add(table_.inodes[0]);
  few.Add(table_.inodes[1]);
  few.Add(table_.inodes[2]);
  few.Look(tree_.root(), {});
  few.Add(table_.inodes[2]);
  few.Look(tree_.root(), {});
  const auto refound = LoadAheadWith(few);
  ASSERT_THAT(refound, IsOk());
  // The root is always looked for.
  EXPECT_EQ(refound->ahead, 1u);
  EXPECT_EQ(refound->inodes, 3u);
}

TEST_F(FilesAheadTest, ATableThatDoesNotFitTogetherIsNoError) {
  FilesAhead ahead;
  ahead.Look(tree_.root(), {});
  // A circle, a parent that is missing, names that lead elsewhere, ids in any
  // order and twice, and no root.
  const std::vector<Inode> hostile = {
      MakeInode(5, 4, "dir", S_IFDIR),
      MakeInode(4, 5, "dir", S_IFDIR),
      MakeInode(6, 99, "file", S_IFREG),
      MakeInode(3, kRootId, "dir/..", S_IFDIR),
      MakeInode(3, kRootId, "..", S_IFDIR),
      MakeInode(7, 7, "dir", S_IFDIR),
  };
  for (const Inode& inode : hostile) ahead.Add(inode);
  ahead.Look(tree_.root(), {});
  ahead.Add(table_.inodes[0]);
  ahead.Look(tree_.root(), {});
  ahead.Look("/no/such/folder", {});
  ahead.Take(table_.inodes[0]);
  for (const Inode& inode : hostile) ahead.Take(inode);
  const FilesAhead::Whole whole = ahead.Finish();
  EXPECT_EQ(Ids(whole.inodes), (std::vector<uint64_t>{1, 3, 3, 4, 5, 6, 7}));
  EXPECT_EQ(whole.found, (std::vector<char>{1, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace devstate::examples
