// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/fs/raise_ids.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::fs {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateSchema;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;

absl::StatusOr<uint64_t> Raise(uint64_t counter, uint64_t by,
                               const char* name) {
  if (by <= UINT64_MAX - counter) return counter + by;
  return absl::FailedPreconditionError(absl::StrCat(
      name, ": ", counter, " cannot be raised by ", by,
      "; the guest must mount anew"));
}

class Raiser : public FsStateVisitor {
 public:
  Raiser(uint64_t by, ByteSink* sink, const WriterOptions& options)
      : by_(by), writer_(sink, options) {}

  absl::Status OnRoot(const FsState& root) override {
    FsState raised = root;
    DS_ASSIGN_OR_RETURN(raised_.next_inode,
                        Raise(root.next_inode(), by_, "next_inode"));
    DS_ASSIGN_OR_RETURN(raised_.next_handle,
                        Raise(root.next_handle(), by_, "next_handle"));
    raised.set_next_inode(raised_.next_inode);
    raised.set_next_handle(raised_.next_handle);
    raised_.mounted = root.has_session();
    return writer_.Begin(raised);
  }
  absl::Status OnInodes(::devices::fs::v1::InodesBatch& batch) override {
    raised_.inodes += batch.size();
    while (batch.Next(&inode_)) {
      DS_RETURN_IF_ERROR(writer_.AddInodes(inode_));
    }
    return absl::OkStatus();
  }
  absl::Status OnHandles(::devices::fs::v1::HandlesBatch& batch) override {
    raised_.handles += batch.size();
    while (batch.Next(&handle_)) {
      DS_RETURN_IF_ERROR(writer_.AddHandles(handle_));
    }
    return absl::OkStatus();
  }
  absl::Status OnMountPaths(
      ::devices::fs::v1::MountPathsBatch& batch) override {
    while (batch.Next(&mount_path_)) {
      DS_RETURN_IF_ERROR(writer_.AddMountPaths(mount_path_));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() { return writer_.Finish(); }
  const RaisedIds& raised() const { return raised_; }

 private:
  const uint64_t by_;
  FsStateWriter writer_;
  // No locals, of which GCC 12 says that they may be used uninitialized.
  ::devices::fs::v1::InodeRow inode_;
  ::devices::fs::v1::OpenHandleRow handle_;
  ::devices::fs::v1::MountPathRow mount_path_;
  RaisedIds raised_;
};

}  // namespace

absl::StatusOr<RaisedIds> RaiseIds(ByteSource* source, uint64_t by,
                                   const WriterOptions& options,
                                   ByteSink* sink) {
  FsStateReader stream(source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* const header, stream.ReadHeader());
  WriterOptions copied = options;
  // The features of records are known here only.
  copied.used_features = header->used_features;
  // The state may be of another version of the schema.
  StreamGate gate(GeneratedSchema(FsStateSchema().root_message), GateOptions());
  DS_RETURN_IF_ERROR(gate.OnHeader(*header));
  stream.SetFilter(&gate);
  Raiser raiser(by, sink, copied);
  DS_RETURN_IF_ERROR(stream.Read(raiser));
  DS_RETURN_IF_ERROR(gate.OnEnd());
  DS_RETURN_IF_ERROR(raiser.Finish());
  return raiser.raised();
}

}  // namespace devstate::fs
