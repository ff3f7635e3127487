// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/guest_updates.h"

#include <algorithm>
#include <cstddef>

namespace devstate::examples {
namespace {

// Returns the index of the last inode that the guest can forget: without
// children, and not open. 0 if there is none.
size_t LastForgettable(const InodeTable& table) {
  for (size_t i = table.inodes.size() - 1; i > 0; --i) {
    const uint64_t id = table.inodes[i].id;
    const auto is_parent = [id](const Inode& inode) {
      return inode.parent == id;
    };
    const auto is_open = [id](const OpenHandle& handle) {
      return handle.inode == id;
    };
    if (std::none_of(table.inodes.begin(), table.inodes.end(), is_parent) &&
        std::none_of(table.open_handles.begin(), table.open_handles.end(),
                     is_open)) {
      return i;
    }
  }
  return 0;
}

}  // namespace

TableChange UpdateAsGuest(uint64_t update, InodeTable* table) {
  std::vector<Inode>& inodes = table->inodes;
  TableChange change;
  if (update % 3 == 1) {
    ++table->next_handle_id;
    return change;
  }
  if (const size_t i = LastForgettable(*table); update % 3 == 2 && i != 0) {
    Inode& parent = inodes[*FindInode(*table, inodes[i].parent)];
    --parent.refcount;
    change.changed = {parent.id};
    change.forgotten = {inodes[i].id};
    inodes.erase(inodes.begin() + static_cast<ptrdiff_t>(i));
    return change;
  }
  Inode& inode = inodes[update % inodes.size()];
  ++inode.refcount;
  change.changed = {inode.id};
  return change;
}

}  // namespace devstate::examples
