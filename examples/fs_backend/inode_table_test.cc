// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/inode_table.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/test_tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

auto Refused(const char* why) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why));
}

TEST(FindInodeTest, EveryIdIsFoundWhateverGapsThereAre) {
  for (uint64_t gaps = 0; gaps < 1 << 12; ++gaps) {
    InodeTable table;
    for (uint64_t id = kRootId; id <= 12; ++id) {
      if ((gaps >> (id - kRootId) & 1) != 0) continue;
      table.inodes.push_back(MakeInode(id, kRootId, "name", S_IFREG));
    }
    for (size_t i = 0; i < table.inodes.size(); ++i) {
      EXPECT_EQ(FindInode(table, table.inodes[i].id), i);
    }
    for (const uint64_t id : {uint64_t{0}, uint64_t{13}, UINT64_MAX}) {
      EXPECT_EQ(FindInode(table, id), std::nullopt);
    }
  }
}

TEST(CheckTableTest, SmallTablePasses) {
  EXPECT_THAT(CheckTable(MakeSmallTable()), IsOk());
}

TEST(CheckTableTest, ParentWithALaterIdPasses) {
  InodeTable table = MakeRoot();
  table.inodes.push_back(MakeInode(2, 3, "moved", S_IFREG));
  table.inodes.push_back(MakeInode(3, kRootId, "newer", S_IFDIR));
  EXPECT_THAT(CheckTable(table), IsOk());
}

TEST(CheckTableTest, EmptyTableIsThatOfAGuestThatHasNotMounted) {
  InodeTable table;
  EXPECT_THAT(CheckTable(table), IsOk());
  table.open_handles.push_back({7, 3, 0});
  EXPECT_THAT(CheckTable(table), Refused("its inode 3 is missing"));
}

TEST(CheckTableTest, TableWithoutRootIsRefused) {
  InodeTable table = MakeRoot();
  table.inodes[0].id = 2;
  EXPECT_THAT(CheckTable(table), Refused("no root"));
}

TEST(CheckTableTest, ModeThatTheSourceDidNotSayPasses) {
  InodeTable table = MakeSmallTable();
  for (Inode& inode : table.inodes) inode.mode = 0;
  EXPECT_THAT(CheckTable(table), IsOk());
}

TEST(CheckTableTest, RootOfAnotherTypeIsRefused) {
  InodeTable table = MakeRoot();
  table.inodes[0].mode = S_IFREG;
  EXPECT_THAT(CheckTable(table), Refused("the root is a regular file"));
}

TEST(CheckTableTest, RootWithAParentIsRefused) {
  InodeTable table = MakeRoot();
  table.inodes[0].parent = kRootId;
  EXPECT_THAT(CheckTable(table), Refused("the root has a parent"));
}

TEST(CheckTableTest, DuplicateIdIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[2].id = 2;
  EXPECT_THAT(CheckTable(table), Refused("inode 2 occurs twice"));
}

TEST(CheckTableTest, UnorderedIdIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[1].id = 9;
  EXPECT_THAT(CheckTable(table), Refused("inode 3 comes after inode 9"));
}

TEST(CheckTableTest, MissingParentIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[2].parent = 42;
  EXPECT_THAT(
      CheckTable(table),
      Refused("inode 3 (\"…/file\"): its parent, inode 42, is missing"));
}

TEST(CheckTableTest, ParentThatIsNoDirectoryIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[1].mode = S_IFLNK;
  EXPECT_THAT(CheckTable(table), Refused("inode 2, is a symbolic link"));
}

TEST(CheckTableTest, InodeThatIsItsOwnParentIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[1].parent = 2;
  EXPECT_THAT(CheckTable(table), Refused("cycle"));
}

TEST(CheckTableTest, CycleOfSeveralInodesIsRefused) {
  InodeTable table = MakeRoot();
  table.inodes.push_back(MakeInode(2, 4, "a", S_IFDIR));
  table.inodes.push_back(MakeInode(3, 2, "b", S_IFDIR));
  table.inodes.push_back(MakeInode(4, 3, "c", S_IFDIR));
  EXPECT_THAT(CheckTable(table), Refused("cycle"));
}

TEST(CheckTableTest, NameThatLeavesTheTreeIsRefused) {
  for (const char* name : {"../../etc/passwd", "..", ".", "", "a/b", "\xff"}) {
    InodeTable table = MakeSmallTable();
    table.inodes[2].name = name;
    EXPECT_THAT(CheckTable(table), Refused("inode 3: the name ")) << name;
  }
}

TEST(CheckTableTest, RefcountBelowTheChildrenIsRefused) {
  InodeTable table = MakeSmallTable();
  table.inodes[0].refcount = 0;
  EXPECT_THAT(CheckTable(table), Refused("refcount 0 is below"));
}

TEST(CheckTableTest, UsedNextInodeIdIsRefused) {
  InodeTable table = MakeSmallTable();
  table.next_inode_id = 3;
  EXPECT_THAT(CheckTable(table), Refused("next inode id 3"));
}

TEST(CheckTableTest, UsedNextHandleIdIsRefused) {
  InodeTable table = MakeSmallTable();
  table.next_handle_id = 7;
  EXPECT_THAT(CheckTable(table), Refused("next handle id 7"));
}

TEST(CheckTableTest, DuplicateOpenHandleIsRefused) {
  InodeTable table = MakeSmallTable();
  table.open_handles.push_back(table.open_handles[0]);
  EXPECT_THAT(CheckTable(table), Refused("open handle 7 occurs twice"));
}

TEST(CheckTableTest, OpenHandleOfAMissingInodeIsRefused) {
  InodeTable table = MakeSmallTable();
  table.open_handles[0].inode = 42;
  EXPECT_THAT(CheckTable(table), Refused("open handle 7: its inode 42"));
}

TEST(CheckTableTest, OpenHandleOfASpecialFileIsRefused) {
  for (const uint32_t type : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFLNK}) {
    InodeTable table = MakeSmallTable();
    table.inodes[2].mode = type | 0666;
    EXPECT_THAT(CheckTable(table), Refused("open handle 7 would open a"));
  }
}

TEST(CheckTableTest, ImpossibleAccessModeIsRefused) {
  InodeTable table = MakeSmallTable();
  table.open_handles[0].flags = O_ACCMODE;
  EXPECT_THAT(CheckTable(table), Refused("access mode"));
  table.open_handles[0] = {7, 2, O_WRONLY};
  EXPECT_THAT(CheckTable(table), Refused("access mode"));
}

// Two handles on one file and one on another, each with a lock.
InodeTable MakeLockedTable(const FileLock& first, const FileLock& second) {
  InodeTable table = MakeSmallTable();
  table.inodes.push_back(MakeInode(4, 2, "other", S_IFREG | 0644));
  ++table.inodes[1].refcount;
  table.open_handles[0].locks = {first};
  table.open_handles.push_back({8, 3, O_RDONLY, {second}});
  table.open_handles.push_back({9, 4, O_RDONLY, {{3, true, 0, kEndOfFile, 0}}});
  return table;
}

TEST(CheckTableTest, LocksThatDoNotMeetAndReadersPass) {
  EXPECT_THAT(
      CheckTable(MakeLockedTable({1, true, 0, 9, 0}, {2, true, 10, 10, 0})),
      IsOk());
  EXPECT_THAT(CheckTable(MakeLockedTable({1, false, 0, kEndOfFile, 0},
                                         {2, false, 10, 10, 0})),
              IsOk());
}

TEST(CheckTableTest, WriterAmongOthersIsRefused) {
  EXPECT_THAT(
      CheckTable(MakeLockedTable({1, true, 0, 10, 0}, {2, false, 10, 10, 0})),
      Refused("open handles 7 and 8 both lock byte 10 of inode 3"));
  EXPECT_THAT(
      CheckTable(MakeLockedTable({1, true, 4, 5, 0}, {2, false, 0, 10, 0})),
      Refused("open handles 8 and 7 both lock byte 4 of inode 3"));
}

TEST(CheckTableTest, LockOfNoRangeIsRefused) {
  EXPECT_THAT(
      CheckTable(MakeLockedTable({1, true, 1, 0, 0}, {2, false, 10, 10, 0})),
      Refused("open handle 7 has a lock from 1 to 0"));
  EXPECT_THAT(CheckTable(MakeLockedTable({1, true, 0, kEndOfFile + 1, 0},
                                         {2, false, 10, 10, 0})),
              Refused("which is no range of a file"));
}

TEST(PathOfTest, NamesTheWayFromTheRoot) {
  const InodeTable table = MakeSmallTable();
  EXPECT_EQ(PathOf(table, 0), ".");
  EXPECT_EQ(PathOf(table, 2), "dir/file");
}

TEST(PathOfTest, EndsOnACycle) {
  InodeTable table = MakeSmallTable();
  table.inodes[1].parent = 2;
  EXPECT_THAT(PathOf(table, 2), ::testing::StartsWith("…/"));
}

TEST(DepthFirstTest, ParentsComeFirst) {
  InodeTable table = MakeRoot();
  table.inodes.push_back(MakeInode(2, 3, "deep", S_IFDIR));
  table.inodes.push_back(MakeInode(3, kRootId, "top", S_IFDIR));
  table.inodes.push_back(MakeInode(4, 2, "leaf", S_IFREG));
  const auto order = DepthFirst(table);
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order[0].directory, 0u);
  EXPECT_THAT(order[0].children, ElementsAre(2));
  EXPECT_EQ(order[1].directory, 2u);
  EXPECT_EQ(order[2].directory, 1u);
  EXPECT_THAT(order[2].children, ElementsAre(3));
}

TEST(FirstDifferenceTest, EqualTablesHaveNone) {
  EXPECT_EQ(FirstDifference(MakeSmallTable(), MakeSmallTable()), std::nullopt);
}

TEST(FirstDifferenceTest, EveryFieldCounts) {
  struct Case {
    const char* text;
    void (*change)(InodeTable&);
  };
  const Case cases[] = {
      {"id is", [](InodeTable& t) { t.inodes[2].id = 5; }},
      {"parent is", [](InodeTable& t) { t.inodes[2].parent = 1; }},
      {"name is", [](InodeTable& t) { t.inodes[2].name = "other"; }},
      {"refcount is", [](InodeTable& t) { t.inodes[2].refcount = 9; }},
      {"mode is 0100644", [](InodeTable& t) { t.inodes[2].mode = 0; }},
      {"ino is", [](InodeTable& t) { t.inodes[2].ino = 5; }},
      {"ctime_ns is", [](InodeTable& t) { t.inodes[2].ctime_ns = 5; }},
      {"mount_id is", [](InodeTable& t) { t.inodes[2].mount_id = 5; }},
      {"file handle is none at the source and 1:6162",
       [](InodeTable& t) {
         t.inodes[2].file_handle = FileHandle{1, "ab"};
       }},
      {"number of inodes", [](InodeTable& t) { t.inodes.pop_back(); }},
      {"id is", [](InodeTable& t) { t.open_handles[0].id = 5; }},
      {"inode is", [](InodeTable& t) { t.open_handles[0].inode = 5; }},
      {"flags is", [](InodeTable& t) { t.open_handles[0].flags = 5; }},
      {"locks is none at the source and read 5- owner 7 pid 0",
       [](InodeTable& t) {
         t.open_handles[0].locks = {{7, false, 5, kEndOfFile, 0}};
       }},
      {"number of open handles", [](InodeTable& t) { t.open_handles.clear(); }},
      {"next inode id", [](InodeTable& t) { ++t.next_inode_id; }},
      {"next handle id", [](InodeTable& t) { ++t.next_handle_id; }},
      {"session is none at the source and writeback 0",
       [](InodeTable& t) { t.session.emplace(); }},
  };
  for (const Case& c : cases) {
    InodeTable changed = MakeSmallTable();
    c.change(changed);
    EXPECT_THAT(FirstDifference(MakeSmallTable(), changed),
                Optional(HasSubstr(c.text)));
  }
}

}  // namespace
}  // namespace devstate::examples
