// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: virtiofsd's states byte by byte, written without the code under
// test, and conversions from string to string.

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TEST_STATES_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TEST_STATES_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/foreign/states/virtiofsd/virtiofsd.h"
#include "devstate/foreign/test_inputs.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::virtiofsd::testing {

inline std::string Varint(uint64_t value) {
  std::string out;
  do {
    out.push_back(
        static_cast<char>((value & 0x7f) | (value > 0x7f ? 0x80 : 0)));
    value >>= 7;
  } while (value != 0);
  return out;
}

inline std::string Zigzag(int32_t value) {
  const int64_t wide = value;
  return Varint(static_cast<uint64_t>(wide < 0 ? -2 * wide - 1 : 2 * wide));
}

inline std::string Text(const std::string& text) {
  return Varint(text.size()) + text;
}

inline std::string FileHandleBytes(uint64_t mount, int32_t type,
                                   const std::string& handle) {
  return Varint(mount) + Zigzag(type) + Text(handle);
}

// Return locations of an inode.
inline std::string AtRoot() { return Varint(0); }
inline std::string AtPath(uint64_t parent, const std::string& name) {
  return Varint(1) + Varint(parent) + Text(name);
}
inline std::string AtNothing() { return Varint(2); }
inline std::string AtFullPath(const std::string& path) {
  return Varint(3) + Text(path);
}
inline std::string AtFileHandle(const std::string& handle) {
  return Varint(4) + handle;
}

struct TestInode {
  uint64_t id;
  uint64_t refcount;
  std::string location;
  // The bytes of FileHandleBytes(); empty for none.
  std::string file_handle;
};

struct TestHandle {
  uint64_t id;
  uint64_t inode;
  int32_t flags;
};

struct TestState {
  int version = 2;
  std::vector<TestInode> inodes;
  uint64_t next_inode = 2;
  std::vector<TestHandle> handles;
  uint64_t next_handle = 0;
  // The options writeback, announce_submounts, posix_acl, sup_group_extension.
  std::vector<bool> options = {false, true, false, true};
  std::vector<std::pair<uint64_t, std::string>> mount_paths;

  std::string Encode() const {
    std::string out = Varint(static_cast<uint64_t>(version - 1));
    out += Varint(inodes.size());
    for (const TestInode& inode : inodes) {
      out += Varint(inode.id) + Varint(inode.refcount) + inode.location;
      out +=
          inode.file_handle.empty() ? Varint(0) : Varint(1) + inode.file_handle;
    }
    out += Varint(next_inode) + Varint(handles.size());
    for (const TestHandle& handle : handles) {
      out += Varint(handle.id) + Varint(handle.inode) + Varint(0) +
             Zigzag(handle.flags);
    }
    out += Varint(next_handle);
    for (const bool option : options) out += Varint(option ? 1 : 0);
    if (version == 1) return out;
    out += Varint(mount_paths.size());
    for (const auto& [mount, path] : mount_paths) {
      out += Varint(mount) + Text(path);
    }
    return out;
  }
};

// Returns the root, a directory and an open file in it.
inline TestState SmallState() {
  TestState state;
  state.inodes = {{1, 2, AtRoot(), ""},
                  {2, 2, AtPath(1, "dir"), ""},
                  {3, 1, AtPath(2, "file"), ""}};
  state.next_inode = 4;
  state.handles = {{0, 3, 0100000}};
  state.next_handle = 1;
  return state;
}

inline std::string ReadFixture(const std::string& name) {
  std::ifstream file("foreign/states/virtiofsd/testdata/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline const std::vector<std::string>& FixtureNames() {
  static const auto& names = *new std::vector<std::string>{
      "empty-mounted-fp.state", "neverinit-fp.state",
      "open-fp-verifyhandles.state", "open-fp.state"};
  return names;
}

using ::devstate::testing::Opening;

// The report and the output of a conversion.
struct Converted {
  absl::StatusOr<ForeignReport> report;
  std::string bytes;

  bool written() const { return report.ok() && !report->refused(); }
};

inline Converted Import(const std::string& state) {
  devstate::testing::StringSink sink;
  auto report = Format().import_state(Opening(state), WriterOptions(), &sink);
  return {std::move(report), std::move(sink.written)};
}

inline Converted Export(const std::string& stream, absl::string_view version) {
  devstate::testing::StringSink sink;
  auto report = Format().export_state(Opening(stream), version, &sink);
  return {std::move(report), std::move(sink.written)};
}

// A portable stream of these inodes, with next ids above them.
inline std::string Portable(const std::vector<InodeRow>& inodes,
                            const std::vector<MountPathRow>& mounts = {}) {
  devstate::testing::StringSink sink;
  devices::fs::v1::FsStateWriter writer(&sink);
  FsState root;
  root.set_next_inode(1000);
  EXPECT_THAT(writer.Begin(root), devstate::testing::IsOk());
  for (const InodeRow& inode : inodes) {
    EXPECT_THAT(writer.AddInodes(inode), devstate::testing::IsOk());
  }
  for (const MountPathRow& mount : mounts) {
    EXPECT_THAT(writer.AddMountPaths(mount), devstate::testing::IsOk());
  }
  EXPECT_THAT(writer.Finish(), devstate::testing::IsOk());
  return sink.written;
}

inline InodeRow RootRow() {
  InodeRow row;
  row.id = kRootId;
  row.refcount = 2;
  row.root = devices::fs::v1::Inode_RootRow();
  return row;
}

}  // namespace devstate::virtiofsd::testing

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TEST_STATES_H_
