// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The other side of the conversion: a devstate stream of devices.fs.v1.

#ifndef DEVSTATE_FOREIGN_STATES_VIRTIOFSD_PORTABLE_STATE_H_
#define DEVSTATE_FOREIGN_STATES_VIRTIOFSD_PORTABLE_STATE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/foreign/states/virtiofsd/table.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/stream_writer.h"

namespace devstate::virtiofsd {

// The content of a portable table that virtiofsd's state has no place for.
struct Dropped {
  // The numbers of inodes with a mode, with an inode number, and with a change
  // time.
  uint64_t modes = 0;
  uint64_t inos = 0;
  uint64_t change_times = 0;
  // The number of sections of other implementations.
  uint64_t private_sections = 0;
};

// Reads one stream and gives its records to `visitor`. The summary's version is
// not set. FAILED_PRECONDITION for another schema. Other errors are those of
// the stream's reader.
absl::StatusOr<TableSummary> ReadPortable(ByteSource* source,
                                          TableVisitor* visitor,
                                          Dropped* dropped);

// Writes a table as a stream: Begin(), the records, Finish().
class PortableWriter : public TableVisitor {
 public:
  // Requires: `sink` outlives the writer.
  PortableWriter(ByteSink* sink, const WriterOptions& options)
      : writer_(sink, options) {}

  absl::Status Begin(const TableSummary& summary) {
    return writer_.Begin(summary.root);
  }
  absl::Status OnInode(const InodeRow& row, Offset) override {
    return writer_.AddInodes(row);
  }
  absl::Status OnHandle(const OpenHandleRow& row, Offset) override {
    return writer_.AddHandles(row);
  }
  absl::Status OnMountPath(const MountPathRow& row, Offset) override {
    return writer_.AddMountPaths(row);
  }
  absl::Status Finish() { return writer_.Finish(); }

 private:
  ::devices::fs::v1::FsStateWriter writer_;
};

}  // namespace devstate::virtiofsd

#endif  // DEVSTATE_FOREIGN_STATES_VIRTIOFSD_PORTABLE_STATE_H_
