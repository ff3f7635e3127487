// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend/fs_device.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/fs_backend/refind.h"
#include "examples/fs_backend/release.h"

namespace devstate::examples {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::Inode_PathRow;
using ::devices::fs::v1::Inode_RootRow;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathRow;
using ::devices::fs::v1::MountPathsBatch;

// As the schema names it.
constexpr char kLocksFeature[] = "FUSE_POSIX_LOCKS";

InodeRow ToRow(const Inode& inode) {
  InodeRow row;
  row.id = inode.id;
  row.refcount = inode.refcount;
  if (inode.id == kRootId) {
    row.root = Inode_RootRow();
  } else {
    row.path = Inode_PathRow{inode.parent, inode.name};
  }
  if (inode.file_handle.has_value()) {
    row.verification_handle = {inode.mount_id, inode.file_handle->type,
                               inode.file_handle->bytes};
  }
  PutStat(inode, &row);
  return row;
}

absl::Status FromRow(const InodeRow& row, Inode* inode) {
  inode->id = row.id;
  inode->refcount = row.refcount;
  if (row.path.has_value()) {
    inode->parent = row.path->parent;
    inode->name = std::string(row.path->name);
  } else if (!row.root.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("inode ", row.id,
                     " has no path: this back-end finds files by path "
                     "only; save the state with paths"));
  } else if (row.id != kRootId) {
    return absl::InvalidArgumentError(absl::StrCat(
        "inode ", row.id, " claims to be the root, which has id ", kRootId));
  }
  if (row.verification_handle.has_value()) {
    inode->mount_id = row.verification_handle->mount_id;
    inode->file_handle =
        FileHandle{row.verification_handle->type,
                   std::string(row.verification_handle->handle)};
  }
  GetStat(row, inode);
  return absl::OkStatus();
}

// A load until it is committed: the table first, then the files found again.
// Of a state in rounds the files are found while the rounds come.
class StagedFsState : public StagedState<FsStateCodec> {
 public:
  StagedFsState(const std::string& shared_dir, Walk* device_state)
      : shared_dir_(shared_dir), device_state_(*device_state) {}

  bool LooksAhead() const override { return true; }
  void OnRoundComplete() override { files_.Look(shared_dir_, RefindOptions()); }

  absl::Status OnRoot(const FsState& root) override {
    whole_ = true;
    staged_.table.next_inode_id = root.next_inode();
    staged_.table.next_handle_id = root.next_handle();
    if (root.has_session()) {
      const devices::fs::v1::Session& session = root.session();
      staged_.table.session =
          Session{session.writeback_cache(), session.announce_submounts(),
                  session.posix_acl(), session.supplementary_group_extension()};
    }
    return absl::OkStatus();
  }

  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      Inode inode;
      const absl::Status status = FromRow(row, &inode);
      if (!whole_) {
        if (status.ok()) files_.Add(std::move(inode));
        continue;
      }
      DS_RETURN_IF_ERROR(status);
      files_.Take(inode);
    }
    return absl::OkStatus();
  }

  absl::Status OnHandles(HandlesBatch& batch) override {
    return whole_ ? ReadOpenHandles(batch, &staged_.table) : absl::OkStatus();
  }

  // Mounts are found by path here, so their source numbers do not matter.
  absl::Status OnMountPaths(MountPathsBatch&) override {
    return absl::OkStatus();
  }

  absl::Status Prepare() override {
    FilesAhead::Whole whole = files_.Finish();
    staged_.table.inodes = std::move(whole.inodes);
    DS_ASSIGN_OR_RETURN(Refound refound, Refind(staged_.table, shared_dir_,
                                                RefindOptions(), whole.found));
    staged_.open_files = std::move(refound.open_files);
    staged_.changed_files = refound.changed;
    return absl::OkStatus();
  }

  absl::Status Commit() override {
    device_state_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  const std::string& shared_dir_;
  Walk& device_state_;
  // Whether the whole state comes, and no longer its rounds.
  bool whole_ = false;
  FilesAhead files_;
  Walk staged_;
};

}  // namespace

FsDevice::FsDevice(std::string shared_dir, Walk state)
    : shared_dir_(std::move(shared_dir)),
      state_(std::move(state)),
      inodes_(FsState::kInodesFieldNumber, InodeOptions()) {}

PreparedRecords<FsStateCodec>::Options FsDevice::InodeOptions() {
  PreparedRecords<FsStateCodec>::Options options;
  options.count_slots = [this]() -> uint64_t {
    const std::lock_guard<std::mutex> lock(inodes_mutex_);
    const std::vector<Inode>& inodes = state_.table.inodes;
    return inodes.empty() ? 0 : inodes.back().id + 1;
  };
  options.add = [this](absl::Span<const uint64_t> ids, FsStateWriter& writer,
                       std::vector<uint64_t>& empty) -> absl::Status {
    const std::lock_guard<std::mutex> lock(inodes_mutex_);
    for (const uint64_t id : ids) {
      const std::optional<size_t> index = FindInode(state_.table, id);
      if (!index.has_value()) {
        empty.push_back(id);
        continue;
      }
      DS_RETURN_IF_ERROR(writer.AddInodes(ToRow(state_.table.inodes[*index])));
    }
    return absl::OkStatus();
  };
  options.add_all = [this](FsStateWriter& writer) -> absl::Status {
    for (const Inode& inode : state_.table.inodes) {
      DS_RETURN_IF_ERROR(writer.AddInodes(ToRow(inode)));
    }
    return absl::OkStatus();
  };
  options.remove = [](absl::Span<const uint64_t> ids,
                      FsStateWriter& writer) -> absl::Status {
    for (const uint64_t id : ids) {
      InodeRow row;
      row.id = id;
      DS_RETURN_IF_ERROR(writer.DeleteInodes(row));
    }
    return absl::OkStatus();
  };
  return options;
}

TableChange FsDevice::Update(uint64_t update) {
  const std::lock_guard<std::mutex> lock(inodes_mutex_);
  TableChange change = UpdateAsGuest(update, &state_.table);
  for (const uint64_t id : change.changed) inodes_.Changed(id);
  for (const uint64_t id : change.forgotten) inodes_.Changed(id);
  return change;
}

std::optional<std::vector<std::string>> FsDevice::UsedFeatures() const {
  const std::vector<OpenHandle>& handles = state_.table.open_handles;
  if (std::any_of(handles.begin(), handles.end(),
                  [](const OpenHandle& h) { return !h.locks.empty(); })) {
    return std::vector<std::string>{kLocksFeature};
  }
  return std::vector<std::string>();
}

FsState FsDevice::Root() const {
  const InodeTable& table = state_.table;
  FsState root;
  root.set_next_inode(table.next_inode_id);
  root.set_next_handle(table.next_handle_id);
  if (table.session.has_value()) {
    devices::fs::v1::Session& session = *root.mutable_session();
    session.set_writeback_cache(table.session->writeback_cache);
    session.set_announce_submounts(table.session->announce_submounts);
    session.set_posix_acl(table.session->posix_acl);
    session.set_supplementary_group_extension(
        table.session->supplementary_group_extension);
  }
  return root;
}

absl::Status FsDevice::SaveChange(const TableChange& change,
                                  FsStateWriter& writer) const {
  for (const uint64_t id : change.forgotten) {
    InodeRow row;
    row.id = id;
    DS_RETURN_IF_ERROR(writer.DeleteInodes(row));
  }
  for (const uint64_t id : change.changed) {
    const Inode& inode = state_.table.inodes[*FindInode(state_.table, id)];
    DS_RETURN_IF_ERROR(writer.AddInodes(ToRow(inode)));
  }
  return absl::OkStatus();
}

absl::Status FsDevice::SaveState(FsStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(Root()));
  DS_RETURN_IF_ERROR(inodes_.Save(writer));
  return SaveOthers(writer);
}

absl::Status FsDevice::SaveRound(FsStateWriter& writer, bool last) {
  FsState root;
  {
    const std::lock_guard<std::mutex> lock(inodes_mutex_);
    root = Root();
  }
  DS_RETURN_IF_ERROR(writer.BeginRound(root));
  DS_RETURN_IF_ERROR(inodes_.SaveRound(writer));
  return last ? SaveOthers(writer) : absl::OkStatus();
}

absl::Status FsDevice::SaveOthers(FsStateWriter& writer) const {
  const InodeTable& table = state_.table;
  std::set<uint64_t> mounts;
  for (const Inode& inode : table.inodes) {
    if (inode.file_handle.has_value()) mounts.insert(inode.mount_id);
  }
  DS_RETURN_IF_ERROR(WriteOpenHandles(table, writer));
  // The walk stays on the mount of the shared directory.
  for (const uint64_t mount_id : mounts) {
    DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{mount_id, "."}));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<FsStateCodec>> FsDevice::StageLoad() {
  return std::make_unique<StagedFsState>(shared_dir_, &state_);
}

}  // namespace devstate::examples
