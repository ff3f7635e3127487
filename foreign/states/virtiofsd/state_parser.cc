// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/virtiofsd/state_parser.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/devices/fs/names.h"
#include "devstate/foreign/states/virtiofsd/postcard_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::virtiofsd {
namespace {

// The indices of virtiofsd's InodeLocation. FileHandle came with V2.
enum Location : uint32_t {
  kRootNode = 0,
  kPath = 1,
  kInvalid = 2,
  kFullPath = 3,
  kFileHandle = 4,
};

class Parser {
 public:
  Parser(ByteSource* source, TableVisitor* visitor)
      : in_(source), visitor_(*visitor) {}

  absl::StatusOr<TableSummary> Run() && {
    ReadVersion();
    DS_RETURN_IF_ERROR(ReadInodes());
    summary_.root.set_next_inode(in_.U64("the next inode id"));
    DS_RETURN_IF_ERROR(ReadHandles());
    summary_.root.set_next_handle(in_.U64("the next handle id"));
    ReadOptions();
    if (summary_.version != Version::kV1) DS_RETURN_IF_ERROR(ReadMountPaths());
    in_.End();
    DS_RETURN_IF_ERROR(in_.status());
    summary_.bytes = in_.offset();
    return std::move(summary_);
  }

 private:
  void ReadVersion() {
    const uint64_t index = in_.U64("the version");
    if (index >= kVersions) {
      in_.Fail(ERROR_REASON_UNKNOWN_CONTENT, 0,
               absl::StrCat("the state has version V", index + 1,
                            ", known are V1 and V2: save it with virtiofsd "
                            "1.13 or 1.14, or update devstate"));
    }
    summary_.version = static_cast<Version>(index);
  }

  absl::Status ReadInodes() {
    const uint64_t count = in_.Count("the number of inodes", kMaxInodes);
    for (uint64_t i = 0; i < count; ++i) {
      in_.InRecord("inode", i, count);
      const uint64_t offset = in_.offset();
      ReadInode();
      DS_RETURN_IF_ERROR(in_.status());
      DS_RETURN_IF_ERROR(visitor_.OnInode(inode_, offset));
    }
    in_.OutOfRecords();
    summary_.inodes = count;
    return in_.status();
  }

  void ReadInode() {
    inode_ = InodeRow();
    inode_.id = in_.U64("the id");
    inode_.refcount = in_.U64("the refcount");
    switch (
        in_.Variant("the location", summary_.version == Version::kV1 ? 4 : 5)) {
      case kRootNode:
        inode_.root.emplace();
        break;
      case kPath:
        inode_.path.emplace();
        inode_.path->parent = in_.U64("the parent");
        in_.String("the name", fs::kMaxName, &text_);
        inode_.path->name = text_;
        break;
      case kInvalid:
        inode_.lost.emplace();
        break;
      case kFullPath:
        in_.String("the path", fs::kMaxPath, &text_);
        inode_.full_path = text_;
        break;
      case kFileHandle:
        inode_.handle = ReadFileHandle(&location_handle_);
        break;
    }
    if (in_.Bool("the tag of the file handle")) {
      inode_.verification_handle = ReadFileHandle(&verification_handle_);
    }
  }

  FileHandleRow ReadFileHandle(std::string* bytes) {
    FileHandleRow row;
    row.mount_id = in_.U64("the file handle's mount");
    row.type = in_.I32("the file handle's type");
    in_.Bytes("the file handle", kMaxFileHandle, bytes);
    row.handle = *bytes;
    return row;
  }

  absl::Status ReadHandles() {
    const uint64_t count = in_.Count("the number of open handles", kMaxHandles);
    for (uint64_t i = 0; i < count; ++i) {
      in_.InRecord("open handle", i, count);
      const uint64_t offset = in_.offset();
      OpenHandleRow row;
      row.id = in_.U64("the id");
      row.inode = in_.U64("the inode");
      in_.Variant("the source", 1);
      row.flags = in_.I32("the flags");
      DS_RETURN_IF_ERROR(in_.status());
      DS_RETURN_IF_ERROR(visitor_.OnHandle(row, offset));
    }
    in_.OutOfRecords();
    summary_.handles = count;
    return in_.status();
  }

  void ReadOptions() {
    Session session;
    session.set_writeback_cache(in_.Bool("the option writeback"));
    session.set_announce_submounts(in_.Bool("the option announce_submounts"));
    session.set_posix_acl(in_.Bool("the option posix_acl"));
    session.set_supplementary_group_extension(
        in_.Bool("the option sup_group_extension"));
    const bool any = session.writeback_cache() ||
                     session.announce_submounts() || session.posix_acl() ||
                     session.supplementary_group_extension();
    // virtiofsd has no mark of its own for a guest that has not mounted: then
    // there is neither an inode nor an option.
    if (any || summary_.inodes != 0) {
      *summary_.root.mutable_session() = std::move(session);
    }
  }

  absl::Status ReadMountPaths() {
    const uint64_t count = in_.Count("the number of mount paths", kMaxMounts);
    for (uint64_t i = 0; i < count; ++i) {
      in_.InRecord("mount path", i, count);
      const uint64_t offset = in_.offset();
      MountPathRow row;
      row.mount_id = in_.U64("the mount");
      in_.String("the path", fs::kMaxPath, &text_);
      row.path = text_;
      DS_RETURN_IF_ERROR(in_.status());
      DS_RETURN_IF_ERROR(visitor_.OnMountPath(row, offset));
    }
    in_.OutOfRecords();
    summary_.mount_paths = count;
    return in_.status();
  }

  PostcardReader in_;
  TableVisitor& visitor_;
  TableSummary summary_;
  // The current record, and what it points to.
  InodeRow inode_;
  std::string text_;
  std::string location_handle_;
  std::string verification_handle_;
};

}  // namespace

bool MayBeState(absl::string_view first_bytes) {
  // The version, then the number of inodes. A table that is not empty starts
  // with the root: id 1, then a refcount, then a location. virtiofsd 1.11 may
  // have lost the root, and what else is wrong with it is for the checks.
  if (first_bytes.size() < 2 ||
      static_cast<unsigned char>(first_bytes[0]) >= kVersions) {
    return false;
  }
  // Without an inode, the next id is still above the root's. So zeros alone are
  // no state.
  if (first_bytes[1] == 0) {
    return first_bytes.size() > 2 &&
           static_cast<unsigned char>(first_bytes[2]) > kRootId;
  }
  size_t at = 1;
  const auto skip_varint = [&] {
    while (at < first_bytes.size() && (first_bytes[at] & 0x80) != 0) ++at;
    ++at;
  };
  skip_varint();
  if (at >= first_bytes.size() || first_bytes[at] != kRootId) return false;
  ++at;
  skip_varint();
  return at < first_bytes.size() &&
         static_cast<unsigned char>(first_bytes[at]) <= kFileHandle;
}

absl::StatusOr<TableSummary> ParseState(ByteSource* source,
                                        TableVisitor* visitor) {
  return Parser(source, visitor).Run();
}

}  // namespace devstate::virtiofsd
