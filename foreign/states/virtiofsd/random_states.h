// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_RANDOM_STATES_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_RANDOM_STATES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "devstate/foreign/states/virtiofsd/test_states.h"

namespace devstate::virtiofsd::testing {

// Returns any state that virtiofsd could have written, the same for the same
// seed.
inline TestState RandomState(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&random](uint64_t bound) { return random() % bound; };
  const auto some_id = [&](uint64_t after) {
    return after + 1 + (below(4) == 0 ? below(1ull << (1 + below(40))) : 0);
  };
  TestState state;
  state.version = 1 + static_cast<int>(below(2));
  const bool with_handles = state.version == 2 && below(2) == 0;
  const auto file_handle = [&](uint64_t mount) {
    std::string bytes(1 + below(128), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return FileHandleBytes(mount, static_cast<int32_t>(random()), bytes);
  };
  if (with_handles) {
    for (uint64_t i = 0; i < 1 + below(5); ++i) {
      // Each has another remainder, so that none occurs twice.
      state.mount_paths.push_back(
          {(random() >> (3 + below(61))) * 8 + i, "sub/mount"});
    }
    state.mount_paths.push_back({31, "."});
    std::shuffle(state.mount_paths.begin(), state.mount_paths.end(), random);
  }
  const size_t count = below(seed % 16 == 0 ? 5000 : 40);
  for (size_t i = 0; i < count; ++i) {
    state.inodes.push_back({i == 0 ? 1 : some_id(state.inodes.back().id),
                            1 + below(3), AtRoot(), ""});
  }
  for (size_t i = 1; i < count; ++i) {
    TestInode& inode = state.inodes[i];
    const uint64_t kind = below(10);
    if (kind == 0) {
      inode.location = AtNothing();
    } else if (kind == 1) {
      inode.location = AtFullPath("some/\xc3\xa4 path");
    } else if (kind < 5 && with_handles) {
      inode.location = AtFileHandle(file_handle(
          state.mount_paths[below(state.mount_paths.size())].first));
    } else {
      const size_t parent = below(i);
      ++state.inodes[parent].refcount;
      inode.location =
          AtPath(state.inodes[parent].id, "name-" + std::to_string(random()));
    }
    if (below(3) == 0) inode.file_handle = file_handle(random());
  }
  if (count > 0) {
    state.next_inode = some_id(state.inodes.back().id);
    for (uint64_t i = below(10); i > 0; --i) {
      state.handles.push_back(
          {state.handles.empty() ? below(3) : some_id(state.handles.back().id),
           state.inodes[below(count)].id,
           static_cast<int32_t>(below(3) | (random() & 0x7ffff000))});
      state.handles.back().flags &= ~01300;
    }
    if (!state.handles.empty()) {
      state.next_handle = some_id(state.handles.back().id);
    }
  }
  for (size_t i = 0; i < 4; ++i) state.options[i] = below(2) == 0;
  return state;
}

}  // namespace devstate::virtiofsd::testing

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_RANDOM_STATES_H_
