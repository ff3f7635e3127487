// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/fs_manifest.h"
#include "examples/fs_backend/release.h"

namespace devstate::examples {

using ::devices::fs::v1::InodeRow;

absl::string_view ManifestOfRelease() {
  return devices::fs::v1::FsStateManifest();
}

ReleaseFeatures FeaturesOfRelease() { return {true, true}; }

void PutStat(const Inode& inode, InodeRow* row) {
  if (inode.mode == 0 && inode.ino == 0 && inode.ctime_ns == 0) return;
  row->attributes = {inode.mode, inode.ino, inode.ctime_ns};
}

void GetStat(const InodeRow& row, Inode* inode) {
  if (!row.attributes.has_value()) return;
  inode->mode = row.attributes->mode;
  inode->ino = row.attributes->ino;
  inode->ctime_ns = row.attributes->ctime_ns;
}

}  // namespace devstate::examples
