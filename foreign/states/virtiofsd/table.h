// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The table that both formats hold, record by record, as rows of the portable
// schema.

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/foreign/finding_list.h"

namespace devstate::virtiofsd {

using ::devices::fs::v1::FileHandleRow;
using ::devices::fs::v1::FsState;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::OpenHandleRow;
using ::devices::fs::v1::Session;

// The variants of virtiofsd's outermost enum, by their indices.
enum class Version : uint8_t { kV1 = 0, kV2 = 1 };
inline constexpr uint32_t kVersions = 2;

inline absl::string_view VersionName(Version version) {
  return version == Version::kV1 ? "V1" : "V2";
}

// FUSE's id of the root.
inline constexpr uint64_t kRootId = 1;

// The most bytes of a file handle in either format: MAX_HANDLE_SZ of Linux.
inline constexpr size_t kMaxFileHandle = 128;

// The most records of each kind. Only mounts are held in memory.
inline constexpr uint64_t kMaxInodes = 1024 * 1024 * 1024;
inline constexpr uint64_t kMaxHandles = 1024 * 1024 * 1024;
inline constexpr uint64_t kMaxMounts = 64 * 1024;

// Everything in a table except its records.
struct TableSummary {
  Version version = Version::kV2;
  uint64_t inodes = 0;
  uint64_t handles = 0;
  uint64_t mount_paths = 0;
  // The singular fields of the portable state.
  FsState root;
  // The size of the state that was read, in bytes.
  uint64_t bytes = 0;

  uint64_t records() const { return inodes + handles + mount_paths; }
};

using ::devstate::Offset;

// Takes the records of a table in the order of both formats: inodes, open
// handles, mount paths. What a row points to is valid during the call. An error
// ends the pass and is returned.
class TableVisitor {
 public:
  virtual ~TableVisitor() = default;

  virtual absl::Status OnInode(const InodeRow& row, Offset offset) = 0;
  virtual absl::Status OnHandle(const OpenHandleRow& row, Offset offset) = 0;
  virtual absl::Status OnMountPath(const MountPathRow& row, Offset offset) = 0;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_H_
