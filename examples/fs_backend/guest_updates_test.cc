// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/guest_updates.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/fs_backend/test_tables.h"
#include "gtest/gtest.h"

namespace devstate::examples {
namespace {

using ::devstate::testing::IsOk;

InodeTable MakeTable() {
  InodeTable table = MakeSmallTable();
  for (uint64_t id = 4; id < 10; ++id) {
    table.inodes.push_back(MakeInode(id, 2, "more", S_IFREG | 0644));
    ++table.inodes[1].refcount;
  }
  return table;
}

TEST(GuestUpdates, TheTableStaysOneThatCanBe) {
  InodeTable table = MakeTable();
  for (uint64_t update = 0; update < 60; ++update) {
    UpdateAsGuest(update, &table);
    ASSERT_THAT(CheckTable(table), IsOk()) << update;
  }
  // What is open, and the way to it.
  EXPECT_EQ(table.inodes.size(), 3u);
}

TEST(GuestUpdates, AChangeNamesAllInodesThatAreNotAsBefore) {
  InodeTable table = MakeTable();
  for (uint64_t update = 0; update < 60; ++update) {
    InodeTable applied = table;
    const TableChange change = UpdateAsGuest(update, &table);
    EXPECT_NE(FirstDifference(applied, table), std::nullopt) << update;
    for (const uint64_t id : change.changed) {
      applied.inodes[*FindInode(applied, id)] =
          table.inodes[*FindInode(table, id)];
    }
    for (const uint64_t id : change.forgotten) {
      applied.inodes.erase(applied.inodes.begin() +
                           static_cast<ptrdiff_t>(*FindInode(applied, id)));
    }
    applied.next_handle_id = table.next_handle_id;
    EXPECT_EQ(FirstDifference(applied, table), std::nullopt) << update;
  }
}

}  // namespace
}  // namespace devstate::examples
