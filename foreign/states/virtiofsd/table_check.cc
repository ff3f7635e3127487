// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A table can have more inodes than fit into memory, so it is read twice. The
// first pass remembers only the ids that others refer to. The second compares
// each inode with these, in the order of ids.

#include "devstate/foreign/states/virtiofsd/table_check.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "devstate/compat/rules.h"
#include "devstate/devices/fs/names.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::virtiofsd {
namespace {

// Flags of open(2), asm-generic/fcntl.h. These act on the file when it is
// opened, and a load opens it again.
constexpr int32_t kCreate = 0100;
constexpr int32_t kExclusive = 0200;
constexpr int32_t kTruncate = 01000;
constexpr int32_t kAccessMode = 03;

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint32_t kMissing = UINT32_MAX - 1;

std::string InodeName(uint64_t id) { return absl::StrCat("inode ", id); }
std::string HandleName(uint64_t id) { return absl::StrCat("open handle ", id); }

absl::Status LimitError(Offset offset, absl::string_view message) {
  return StreamError({ERROR_REASON_LIMIT, offset.value_or(0)}, message);
}

}  // namespace

absl::Status RecordCheck::OnInode(const InodeRow& row, Offset offset) {
  const auto refuse = [&](const Rule& rule, absl::string_view text) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rule, InodeName(row.id), offset, text);
  };
  if (row.id == 0) refuse(rules::kForeignId, "the id is 0; ids start at 1");
  if (any_inode_ && row.id <= last_inode_) {
    refuse(rules::kForeignId,
           absl::StrCat("comes after inode ", last_inode_,
                        ": ids ascend, and each occurs once"));
  }
  any_inode_ = true;
  last_inode_ = row.id;
  root_seen_ |= row.id == kRootId;
  if (row.refcount == 0) {
    refuse(rules::kForeignRefcount,
           "the refcount is 0; the source forgets such inodes: save again");
  }
  CheckLocation(row, offset);
  if (row.verification_handle.has_value()) {
    CheckFileHandle(row, *row.verification_handle, offset);
  }
  if (row.path.has_value()) return Refer(row.path->parent, offset);
  return absl::OkStatus();
}

void RecordCheck::CheckLocation(const InodeRow& row, Offset offset) {
  const auto refuse = [&](const Rule& rule, absl::string_view text) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rule, InodeName(row.id), offset, text);
  };
  if (row.id == kRootId && row.lost.has_value()) {
    root_lost_ = true;
    refuse(rules::kForeignRoot,
           "the source has lost every file, the root too: virtiofsd 1.11 was "
           "not told of the migration (VHOST_F_LOG_ALL) because the VM was "
           "stopped before. Save from a running VM, or with 1.12 or later. A "
           "destination takes this state with --migration-on-error=guest-error "
           "only, and the guest then gets EIO for everything");
    return;
  }
  if (row.root.has_value() != (row.id == kRootId)) {
    refuse(rules::kForeignRoot,
           row.root.has_value()
               ? "has the root's location; the root is inode 1 and no other"
               : "is the root and has another location than the root's");
  }
  if (row.path.has_value()) {
    if (const absl::string_view wrong = fs::WrongName(row.path->name);
        !wrong.empty()) {
      refuse(rules::kForeignName,
             absl::StrCat("the name ", fs::Quote(row.path->name), " ", wrong));
    }
  } else if (row.full_path.has_value()) {
    if (const absl::string_view wrong = fs::WrongPath(*row.full_path);
        !wrong.empty()) {
      refuse(rules::kForeignName,
             absl::StrCat("the path ", fs::Quote(*row.full_path), " ", wrong));
    }
  } else if (row.handle.has_value()) {
    CheckFileHandle(row, *row.handle, offset);
    if (mounts_used_.size() < kMaxMounts) {
      mounts_used_.emplace(row.handle->mount_id, row.id);
    } else if (mounts_used_.count(row.handle->mount_id) == 0) {
      refuse(rules::kForeignMount,
             absl::StrCat("its mount ", row.handle->mount_id,
                          " is one too many; the limit is ", kMaxMounts));
    }
  } else if (row.lost.has_value()) {
    // The finding about the root is about all.
    if (root_lost_) return;
    findings_.Add(VERDICT_LEVEL_COMPATIBLE, rules::kForeignLost,
                  InodeName(row.id), offset,
                  "the source lost the file; a destination loads it only with "
                  "--migration-on-error=guest-error, and the guest gets EIO");
  } else if (!row.root.has_value()) {
    refuse(rules::kForeignLocation,
           "has no location: virtiofsd finds no file without one");
  }
}

void RecordCheck::CheckFileHandle(const InodeRow& row,
                                  const FileHandleRow& handle, Offset offset) {
  if (handle.handle.size() <= kMaxFileHandle) return;
  findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignLocation,
                InodeName(row.id), offset,
                absl::StrCat("a file handle of ", handle.handle.size(),
                             " bytes; Linux has 128 at most"));
}

absl::Status RecordCheck::OnHandle(const OpenHandleRow& row, Offset offset) {
  const auto refuse = [&](const Rule& rule, absl::string_view text) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rule, HandleName(row.id), offset,
                  text);
  };
  if (any_handle_ && row.id <= last_handle_) {
    refuse(rules::kForeignId,
           absl::StrCat("comes after open handle ", last_handle_,
                        ": ids ascend, and each occurs once"));
  }
  any_handle_ = true;
  last_handle_ = row.id;
  if (!row.locks.empty()) {
    refuse(rules::kUnknownCritical,
           "the guest has locked a part of the file, and virtiofsd has no "
           "place for locks: convert when nothing is locked");
  }
  if (row.flags > std::numeric_limits<int32_t>::max()) {
    refuse(rules::kForeignOpenFlags,
           "virtiofsd has no place for flags beyond 32 bits: close the file");
  } else if (row.flags < 0 || (row.flags & kAccessMode) == kAccessMode ||
             (row.flags & (kCreate | kExclusive | kTruncate)) != 0) {
    refuse(rules::kForeignOpenFlags,
           absl::StrFormat("the flags are 0%o; a load opens the file again, so "
                           "O_CREAT, O_EXCL, O_TRUNC and access mode 3 must "
                           "not be among them",
                           static_cast<uint64_t>(row.flags)));
  }
  return Refer(row.inode, offset);
}

absl::Status RecordCheck::OnMountPath(const MountPathRow& row, Offset offset) {
  const std::string name = absl::StrCat("mount path ", row.mount_id);
  if (mounts_.size() >= kMaxMounts) {
    return LimitError(
        offset, absl::StrCat("more mount paths than the limit, ", kMaxMounts));
  }
  if (!mounts_.insert(row.mount_id).second) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignMount, name, offset,
                  "occurs twice");
  }
  if (const absl::string_view wrong = fs::WrongPath(row.path); !wrong.empty()) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignMount, name, offset,
                  absl::StrCat("the path ", fs::Quote(row.path), " ", wrong));
  }
  return absl::OkStatus();
}

absl::Status RecordCheck::Refer(uint64_t id, Offset offset) {
  if (!referenced_.empty() && referenced_.back() == id) return absl::OkStatus();
  referenced_.push_back(id);
  if (referenced_.size() < compact_at_) return absl::OkStatus();
  DS_RETURN_IF_ERROR(Compact(offset));
  compact_at_ = std::max(compact_at_, 2 * referenced_.size());
  return absl::OkStatus();
}

absl::Status RecordCheck::Compact(Offset offset) {
  std::sort(referenced_.begin(), referenced_.end());
  referenced_.erase(std::unique(referenced_.begin(), referenced_.end()),
                    referenced_.end());
  if (referenced_.size() <= kMaxReferenced) return absl::OkStatus();
  return LimitError(
      offset, absl::StrCat("more directories and open files than the limit, ",
                           kMaxReferenced));
}

absl::Status RecordCheck::Finish(const TableSummary& summary) {
  DS_RETURN_IF_ERROR(Compact(absl::nullopt));
  referenced_.shrink_to_fit();
  if (any_inode_ && !root_seen_) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignRoot,
                  InodeName(kRootId), absl::nullopt,
                  "is missing: a table that is not empty has the root");
  }
  if (!any_inode_ && summary.root.next_inode() <= kRootId) {
    findings_.Add(
        VERDICT_LEVEL_REFUSED, rules::kForeignId, "", absl::nullopt,
        absl::StrCat("the next inode id is ", summary.root.next_inode(),
                     ", which would be the root's or none"));
  }
  if (any_inode_ && summary.root.next_inode() <= last_inode_) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignId,
                  InodeName(last_inode_), absl::nullopt,
                  absl::StrCat("is not below the next inode id, ",
                               summary.root.next_inode(),
                               ": a new inode would take its place"));
  }
  if (any_handle_ && summary.root.next_handle() <= last_handle_) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignId,
                  HandleName(last_handle_), absl::nullopt,
                  absl::StrCat("is not below the next handle id, ",
                               summary.root.next_handle(),
                               ": a new handle would take its place"));
  }
  for (const auto& [mount, inode] : mounts_used_) {
    if (mounts_.count(mount) != 0) continue;
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignMount, InodeName(inode),
                  absl::nullopt,
                  absl::StrCat("its file handle is of mount ", mount,
                               ", which no mount path names"));
  }
  return absl::OkStatus();
}

ReferenceCheck::ReferenceCheck(std::vector<uint64_t> referenced,
                               FindingList* findings)
    : findings_(*findings),
      ids_(std::move(referenced)),
      parent_(ids_.size(), kMissing),
      refcount_(ids_.size()),
      children_(ids_.size()),
      first_child_(ids_.size()) {}

absl::StatusOr<uint32_t> ReferenceCheck::IndexOf(uint64_t id) {
  if (recent_ < ids_.size() && ids_[recent_] == id) return recent_;
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (found == ids_.end() || *found != id) {
    return absl::AbortedError("the second pass is over another table");
  }
  recent_ = static_cast<uint32_t>(found - ids_.begin());
  return recent_;
}

absl::Status ReferenceCheck::OnInode(const InodeRow& row, Offset) {
  uint32_t parent = kNone;
  if (row.path.has_value()) {
    DS_ASSIGN_OR_RETURN(parent, IndexOf(row.path->parent));
    if (children_[parent] == 0) first_child_[parent] = row.id;
    if (children_[parent] != UINT32_MAX) ++children_[parent];
  }
  while (next_ < ids_.size() && ids_[next_] < row.id) ++next_;
  if (next_ < ids_.size() && ids_[next_] == row.id) {
    parent_[next_] = parent;
    refcount_[next_] =
        static_cast<uint32_t>(std::min<uint64_t>(row.refcount, UINT32_MAX));
  }
  return absl::OkStatus();
}

absl::Status ReferenceCheck::OnHandle(const OpenHandleRow& row, Offset offset) {
  DS_ASSIGN_OR_RETURN(const uint32_t index, IndexOf(row.inode));
  if (parent_[index] == kMissing) {
    findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignOpenInode,
                  HandleName(row.id), offset,
                  absl::StrCat("its inode ", row.inode, " is missing"));
  }
  return absl::OkStatus();
}

void ReferenceCheck::Finish() {
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (children_[i] == 0) continue;
    if (parent_[i] == kMissing) {
      findings_.Add(
          VERDICT_LEVEL_REFUSED, rules::kForeignParent,
          InodeName(first_child_[i]), absl::nullopt,
          absl::StrCat("its parent, inode ", ids_[i], ", is missing (it has ",
                       children_[i], " children)"));
    } else if (refcount_[i] < children_[i]) {
      findings_.Add(
          VERDICT_LEVEL_REFUSED, rules::kForeignRefcount, InodeName(ids_[i]),
          absl::nullopt,
          absl::StrCat("the refcount is ", refcount_[i], ", expected at least ",
                       children_[i], ", one for each child"));
    }
  }
  CheckAcyclic();
}

void ReferenceCheck::CheckAcyclic() {
  // The walk that reached an inode, 0 for none: each inode is walked over once.
  std::vector<uint32_t> walk(ids_.size());
  for (uint32_t start = 0; start < ids_.size(); ++start) {
    const uint32_t self = start + 1;
    uint32_t at = start;
    while (at < ids_.size() && walk[at] == 0) {
      walk[at] = self;
      at = parent_[at];
    }
    if (at < ids_.size() && walk[at] == self) {
      findings_.Add(VERDICT_LEVEL_REFUSED, rules::kForeignParent,
                    InodeName(ids_[at]), absl::nullopt,
                    "is its own ancestor: the parents form a cycle");
    }
  }
}

}  // namespace devstate::virtiofsd
