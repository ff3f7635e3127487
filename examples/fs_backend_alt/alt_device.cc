// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/fs_backend_alt/alt_device.h"

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::examples::alt {
namespace {

using ::devices::fs::v1::FileLock_Kind;
using ::devices::fs::v1::FileLockRow;
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
using ::devices::fs::v1::OpenHandleRow;

class StagedTree : public StagedState<FsStateCodec> {
 public:
  StagedTree(const std::string& shared_dir, AltState* target)
      : shared_dir_(shared_dir), target_(*target) {}

  absl::Status OnRoot(const FsState& root) override {
    staged_.tree.next_node = root.next_inode();
    staged_.tree.next_open_file = root.next_handle();
    staged_.mounted = root.has_session();
    staged_.session = root.session();
    staged_.wanted_paths.assign(root.alt().wanted_paths().begin(),
                                root.alt().wanted_paths().end());
    staged_.loads = root.alt().loads() + 1;
    return absl::OkStatus();
  }

  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      DS_ASSIGN_OR_RETURN(Node* const node, staged_.tree.Add(row.id));
      node->lookups = row.refcount;
      if (row.attributes.has_value()) {
        node->mode = row.attributes->mode;
        node->ino = row.attributes->ino;
        node->ctime_ns = row.attributes->ctime_ns;
      }
      if (row.verification_handle.has_value()) {
        node->handle = KernelHandle{
            row.verification_handle->mount_id, row.verification_handle->type,
            std::string(row.verification_handle->handle)};
      }
      if (row.path.has_value()) {
        // The parent may come later.
        links_.push_back({node, row.path->parent, std::string(row.path->name)});
      } else if (!row.root.has_value() || row.id != FileTree::kRoot) {
        return absl::FailedPreconditionError(
            absl::StrCat("node ", row.id,
                         " has no parent and name, and this back-end finds "
                         "files by nothing else"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnHandles(HandlesBatch& batch) override {
    OpenHandleRow row;
    while (batch.Next(&row)) {
      const auto [entry, is_new] = staged_.tree.open_files.try_emplace(row.id);
      if (!is_new) {
        return absl::InvalidArgumentError(
            absl::StrCat("open file ", row.id, " is twice"));
      }
      OpenFile& file = entry->second;
      file.node = row.inode;
      file.flags = row.flags;
      for (const FileLockRow& lock : row.locks) {
        file.locks.push_back(
            {lock.owner, lock.kind, lock.first, lock.last, lock.pid});
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnMountPaths(MountPathsBatch& batch) override {
    MountPathRow row;
    while (batch.Next(&row)) {
      staged_.mounts[row.mount_id] = std::string(row.path);
    }
    return absl::OkStatus();
  }

  absl::Status Prepare() override {
    for (const PendingLink& link : links_) {
      DS_RETURN_IF_ERROR(staged_.tree.Link(link.child, link.parent, link.name));
    }
    DS_RETURN_IF_ERROR(staged_.tree.CheckWhole());
    return staged_.tree.Find(shared_dir_);
  }

  absl::Status Commit() override {
    target_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  struct PendingLink {
    Node* child;
    uint64_t parent;
    std::string name;
  };

  const std::string& shared_dir_;
  AltState& target_;
  AltState staged_;
  std::vector<PendingLink> links_;
};

absl::Status WriteNode(const Node& node, FsStateWriter& writer) {
  InodeRow row;
  row.id = node.id;
  row.refcount = node.lookups;
  if (node.parent == nullptr) {
    row.root = Inode_RootRow();
  } else {
    row.path = Inode_PathRow{node.parent->id, node.name};
  }
  row.attributes = {node.mode, node.ino, node.ctime_ns};
  if (node.handle.has_value()) {
    row.verification_handle = {node.handle->mount_id, node.handle->type,
                               node.handle->bytes};
  }
  return writer.AddInodes(row);
}

absl::Status WriteOpenFile(uint64_t id, const OpenFile& file,
                           FsStateWriter& writer) {
  std::vector<FileLockRow> locks;
  for (const Lock& lock : file.locks) {
    locks.push_back({lock.owner, static_cast<FileLock_Kind>(lock.kind),
                     lock.first, lock.last, lock.pid});
  }
  OpenHandleRow row;
  row.id = id;
  row.inode = file.node;
  row.flags = file.flags;
  row.locks = locks;
  return writer.AddHandles(row);
}

}  // namespace

absl::Status AltDevice::SaveState(FsStateWriter& writer) {
  const FileTree& tree = state_.tree;
  FsState root;
  if (state_.mounted) *root.mutable_session() = state_.session;
  root.set_next_inode(tree.next_node);
  root.set_next_handle(tree.next_open_file);
  for (const std::string& path : state_.wanted_paths) {
    root.mutable_alt()->add_wanted_paths(path);
  }
  if (state_.loads > 0) root.mutable_alt()->set_loads(state_.loads);
  DS_RETURN_IF_ERROR(writer.Begin(root));
  for (const auto& [id, node] : tree.nodes) {
    DS_RETURN_IF_ERROR(WriteNode(node, writer));
  }
  for (const auto& [id, file] : tree.open_files) {
    DS_RETURN_IF_ERROR(WriteOpenFile(id, file, writer));
  }
  for (const auto& [mount_id, path] : state_.mounts) {
    DS_RETURN_IF_ERROR(writer.AddMountPaths(MountPathRow{mount_id, path}));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<FsStateCodec>> AltDevice::StageLoad() {
  return std::make_unique<StagedTree>(shared_dir_, &state_);
}

}  // namespace devstate::examples::alt
