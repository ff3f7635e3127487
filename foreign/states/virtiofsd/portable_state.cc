// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/portable_state.h"

#include <utility>

#include "devstate/compat/gate/stream_gate.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::virtiofsd {
namespace {

using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateSchema;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;

class Reader : public FsStateVisitor {
 public:
  Reader(TableVisitor* visitor, Dropped* dropped)
      : visitor_(*visitor), dropped_(*dropped) {}

  absl::Status OnRoot(const FsState& root) override {
    summary_.root = root;
    dropped_.private_sections += root.has_alt();
    return absl::OkStatus();
  }

  absl::Status OnInodes(InodesBatch& batch) override {
    summary_.inodes += batch.size();
    InodeRow row;
    while (batch.Next(&row)) {
      if (row.attributes.has_value()) {
        dropped_.modes += row.attributes->mode != 0;
        dropped_.inos += row.attributes->ino != 0;
        dropped_.change_times += row.attributes->ctime_ns != 0;
      }
      DS_RETURN_IF_ERROR(visitor_.OnInode(row, absl::nullopt));
    }
    return absl::OkStatus();
  }

  absl::Status OnHandles(HandlesBatch& batch) override {
    summary_.handles += batch.size();
    OpenHandleRow row;
    while (batch.Next(&row)) {
      DS_RETURN_IF_ERROR(visitor_.OnHandle(row, absl::nullopt));
    }
    return absl::OkStatus();
  }

  absl::Status OnMountPaths(MountPathsBatch& batch) override {
    summary_.mount_paths += batch.size();
    MountPathRow row;
    while (batch.Next(&row)) {
      DS_RETURN_IF_ERROR(visitor_.OnMountPath(row, absl::nullopt));
    }
    return absl::OkStatus();
  }

  TableSummary& summary() { return summary_; }

 private:
  TableVisitor& visitor_;
  Dropped& dropped_;
  TableSummary summary_;
};

}  // namespace

absl::StatusOr<TableSummary> ReadPortable(ByteSource* source,
                                          TableVisitor* visitor,
                                          Dropped* dropped) {
  FsStateReader stream(source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* const header, stream.ReadHeader());
  // The state may be of another version of the schema.
  StreamGate gate(GeneratedSchema(FsStateSchema().root_message), GateOptions());
  DS_RETURN_IF_ERROR(gate.OnHeader(*header));
  stream.SetFilter(&gate);
  Reader reader(visitor, dropped);
  DS_RETURN_IF_ERROR(stream.Read(reader));
  DS_RETURN_IF_ERROR(gate.OnEnd());
  reader.summary().bytes = stream.stream().offset();
  return std::move(reader.summary());
}

}  // namespace devstate::virtiofsd
