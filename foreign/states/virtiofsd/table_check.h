// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Checks that the records of a table make sense, alone and together. These are
// the checks that virtiofsd itself does not make when it loads a state.
// docs/compat_rules.md has the rules, foreign-….

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_CHECK_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/foreign/finding_list.h"
#include "devstate/foreign/states/virtiofsd/table.h"

namespace devstate::virtiofsd {

// The first of two passes over the same table. It checks what each record says
// on its own, the order of ids, and mounts. Remembers which inodes others refer
// to, 8 bytes for each (16 while it collects them). These are directories and
// open files, not all inodes. RESOURCE_EXHAUSTED beyond kMaxReferenced of them.
class RecordCheck : public TableVisitor {
 public:
  static constexpr size_t kMaxReferenced = 16 * 1024 * 1024;

  // Requires: `findings` outlives the check.
  explicit RecordCheck(FindingList* findings) : findings_(*findings) {}

  absl::Status OnInode(const InodeRow& row, Offset offset) override;
  absl::Status OnHandle(const OpenHandleRow& row, Offset offset) override;
  absl::Status OnMountPath(const MountPathRow& row, Offset offset) override;
  // Ends the pass. Call it after the last record.
  absl::Status Finish(const TableSummary& summary);

  // Returns the ids that others refer to, each once and in ascending order.
  // Call it once, after Finish().
  std::vector<uint64_t> TakeReferenced() { return std::move(referenced_); }

 private:
  void CheckLocation(const InodeRow& row, Offset offset);
  void CheckFileHandle(const InodeRow& row, const FileHandleRow& handle,
                       Offset offset);
  absl::Status Refer(uint64_t id, Offset offset);
  absl::Status Compact(Offset offset);

  FindingList& findings_;
  uint64_t last_inode_ = 0;
  bool any_inode_ = false;
  bool root_seen_ = false;
  bool root_lost_ = false;
  uint64_t last_handle_ = 0;
  bool any_handle_ = false;
  std::vector<uint64_t> referenced_;
  size_t compact_at_ = 64 * 1024;
  // The first inode of each mount whose location is a file handle of it.
  std::map<uint64_t, uint64_t> mounts_used_;
  std::set<uint64_t> mounts_;
};

// The second pass. It checks that what is referred to is there, has the
// references that it counts, and hangs on the root. Takes 28 bytes for each
// inode that others refer to, 4 more at its end.
class ReferenceCheck : public TableVisitor {
 public:
  // Requires: `referenced` is that of a RecordCheck that refused nothing.
  ReferenceCheck(std::vector<uint64_t> referenced, FindingList* findings);

  absl::Status OnInode(const InodeRow& row, Offset offset) override;
  absl::Status OnHandle(const OpenHandleRow& row, Offset offset) override;
  absl::Status OnMountPath(const MountPathRow&, Offset) override {
    return absl::OkStatus();
  }
  // Ends the pass. Call it after the last record.
  void Finish();

 private:
  // Returns the index of `id` in ids_. ABORTED if the first pass has not seen
  // it.
  absl::StatusOr<uint32_t> IndexOf(uint64_t id);
  void CheckAcyclic();

  FindingList& findings_;
  const std::vector<uint64_t> ids_;
  // Members for each of ids_: its own parent's index, kNone or kMissing; the
  // refcount, cut at what fits; the number of inodes that have it as parent,
  // and the first of those.
  std::vector<uint32_t> parent_;
  std::vector<uint32_t> refcount_;
  std::vector<uint32_t> children_;
  std::vector<uint64_t> first_child_;
  // The first of ids_ that no inode was compared with.
  size_t next_ = 0;
  // The last result of IndexOf(), because siblings come together.
  uint32_t recent_ = 0;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_TABLE_CHECK_H_
