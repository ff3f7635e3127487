// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/fs_manifest_v1.h"
#include "examples/fs_backend/release.h"

namespace devstate::examples {

using ::devices::fs::v1::InodeRow;

absl::string_view ManifestOfRelease() {
  return devices::fs::v1::FsStateManifest();
}

ReleaseFeatures FeaturesOfRelease() { return {}; }

void PutStat(const Inode& inode, InodeRow* row) {
  row->mode = inode.mode;
  row->ino = inode.ino;
}

void GetStat(const InodeRow& row, Inode* inode) {
  inode->mode = row.mode;
  inode->ino = row.ino;
}

}  // namespace devstate::examples
