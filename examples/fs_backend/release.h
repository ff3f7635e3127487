// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The differences between the releases of this back-end: how its table and the
// rows of the release's schema correspond. Each release links one release_vN.cc
// and the codec of version N. Everything else is the same source.

#ifndef DEVSTATE_EXAMPLES_FS_BACKEND_RELEASE_H_
#define DEVSTATE_EXAMPLES_FS_BACKEND_RELEASE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "examples/fs_backend/inode_table.h"

namespace devstate::examples {

// Returns what the release loads and saves, as devstate_manifest wrote it.
absl::string_view ManifestOfRelease();

// The features that a table of this release can have.
struct ReleaseFeatures {
  bool change_times = false;
  bool locks = false;
};
ReleaseFeatures FeaturesOfRelease();

// Copy what stat(2) says of an inode.
void PutStat(const Inode& inode, devices::fs::v1::InodeRow* row);
void GetStat(const devices::fs::v1::InodeRow& row, Inode* inode);

// Writes all open handles, with their locks.
absl::Status WriteOpenHandles(const InodeTable& table,
                              devices::fs::v1::FsStateWriter& writer);
// Appends the handles of the batch. INVALID_ARGUMENT for a lock of no known
// kind.
absl::Status ReadOpenHandles(devices::fs::v1::HandlesBatch& batch,
                             InodeTable* table);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_FS_BACKEND_RELEASE_H_
