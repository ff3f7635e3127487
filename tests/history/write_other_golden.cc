// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Writes the golden stream of fs_backend_alt, as write_fs_golden.cc does those
// of fs_backend.

#include <string>
#include <utility>

#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend_alt/alt_device.h"
#include "tests/history/golden_file.h"
#include "tests/history/golden_table.h"

namespace devstate::testing {
namespace {

namespace alt = examples::alt;

absl::StatusOr<alt::AltState> GoldenAltState() {
  const examples::InodeTable table = GoldenTable();
  alt::AltState state;
  for (const examples::Inode& inode : table.inodes) {
    DS_ASSIGN_OR_RETURN(alt::Node* const node, state.tree.Add(inode.id));
    node->lookups = inode.refcount;
    node->mode = inode.mode;
    node->ino = inode.ino;
    node->ctime_ns = 1600000000000000001;
    if (inode.id == alt::FileTree::kRoot) continue;
    DS_RETURN_IF_ERROR(state.tree.Link(node, inode.parent, inode.name));
  }
  alt::OpenFile& file = state.tree.open_files[4];
  file.node = 4;
  file.flags = O_WRONLY;
  state.tree.next_node = 100;
  state.tree.next_open_file = 50;
  state.mounted = true;
  state.session.set_announce_submounts(true);
  state.wanted_paths = {"etc/motd", "srv/link"};
  state.loads = 3;
  return state;
}

absl::Status WriteAll(const std::string& folder) {
  DS_ASSIGN_OR_RETURN(alt::AltState state, GoldenAltState());
  alt::AltDevice fs("/nowhere", std::move(state));
  return WriteGolden<devices::fs::v1::FsStateCodec>(
      folder + "/fs_alt_v3.dstate", "devstate-fs-alt", &fs);
}

}  // namespace
}  // namespace devstate::testing

int main(int argc, char** argv) {
  return devstate::testing::WriteGoldens(argc, argv,
                                         &devstate::testing::WriteAll);
}
