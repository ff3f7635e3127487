// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_WRITER_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::virtiofsd {

// Writes a table as virtiofsd does: Begin(), the records, Finish(). Memory is
// constant. Thread-safety: none.
class StateWriter : public TableVisitor {
 public:
  // `summary` is that of the very table that will be written. Requires: it fits
  // into its version (no file handle is a location in V1, and every inode has
  // one), and `sink` outlives the writer.
  StateWriter(ByteSink* sink, TableSummary summary)
      : sink_(*sink), summary_(std::move(summary)) {}

  absl::Status Begin();
  absl::Status OnInode(const InodeRow& row, Offset offset) override;
  absl::Status OnHandle(const OpenHandleRow& row, Offset offset) override;
  // Writes nothing in V1.
  absl::Status OnMountPath(const MountPathRow& row, Offset offset) override;
  // Ends the table. FAILED_PRECONDITION if the records were not as many as the
  // summary said.
  absl::Status Finish();

 private:
  // Write what comes between two kinds of records once the first are complete.
  void EndInodesIfComplete();
  void EndHandlesIfComplete();
  void PutVarint(uint64_t value);
  void PutI32(int32_t value);
  void PutBool(bool value) { buffer_.push_back(value ? 1 : 0); }
  void PutBytes(absl::string_view bytes);
  void PutFileHandle(const FileHandleRow& handle);
  absl::Status FlushIfFull();

  ByteSink& sink_;
  const TableSummary summary_;
  uint64_t inodes_ = 0;
  uint64_t handles_ = 0;
  uint64_t mount_paths_ = 0;
  std::string buffer_;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_STATE_WRITER_H_
