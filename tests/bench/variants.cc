// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/variants.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/internal/varint.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/io/fd_stream.h"
#include "tests/bench/inode_row.h"

namespace devstate::bench {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::FsStateVisitor;
using ::devices::fs::v1::FsStateWriter;
using ::devices::fs::v1::HandlesBatch;
using ::devices::fs::v1::InodeRow;
using ::devices::fs::v1::InodesBatch;
using ::devices::fs::v1::MountPathsBatch;

class PipeSink : public ByteSink {
 public:
  explicit PipeSink(int fd) : fd_(fd) {}
  absl::Status Write(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n < 0) return absl::UnavailableError(std::strerror(errno));
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

 private:
  const int fd_;
};

uint64_t wire_bytes = 0;

class PipeSource : public ByteSource {
 public:
  explicit PipeSource(int fd) : fd_(fd) {}
  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    const ssize_t n = read(fd_, buffer, size);
    if (n < 0) return absl::UnavailableError(std::strerror(errno));
    wire_bytes += static_cast<uint64_t>(n);
    return static_cast<size_t>(n);
  }

 private:
  const int fd_;
};

}  // namespace

absl::Status WriteAll(int fd, absl::string_view bytes) {
  return PipeSink(fd).Write(bytes);
}

absl::Status ReadToEnd(int fd, std::string* out) {
  // As Rust's read_to_end(): grows by doubling, reads into what room there is.
  PipeSource source(fd);
  out->resize(32);
  size_t size = 0;
  while (true) {
    if (size == out->size()) out->resize(out->size() * 2);
    DS_ASSIGN_OR_RETURN(const size_t n,
                        source.Read(&(*out)[size], out->size() - size));
    if (n == 0) break;
    size += n;
  }
  out->resize(size);
  return absl::OkStatus();
}

namespace {

// --- (a) What virtiofsd does ---

void AppendVarint(uint64_t value, std::string* out) {
  char buffer[kMaxVarintSize];
  out->append(buffer, EncodeVarint(value, buffer));
}

void AppendBytes(absl::string_view bytes, std::string* out) {
  AppendVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

// virtiofsd's fields in virtiofsd's order, and inode number and mode behind
// them. virtiofsd collects all rows as structs with strings of their own before
// it writes the first byte; that is left out here.
absl::Status SendVarints(const InodeTable& table, int fd) {
  std::string out;
  AppendVarint(table.inodes.size(), &out);
  for (const LiveInode& inode : table.inodes) {
    AppendVarint(inode.id, &out);
    AppendVarint(inode.refcount, &out);
    AppendVarint(1, &out);  // InodeLocation::Path
    AppendVarint(inode.parent, &out);
    AppendBytes(table.NameOf(inode), &out);
    AppendVarint(1, &out);  // Some(file handle)
    AppendVarint(inode.mount_id, &out);
    AppendVarint(ZigZag(inode.handle_type), &out);
    AppendBytes({inode.handle, sizeof(inode.handle)}, &out);
    AppendVarint(inode.ino, &out);
    AppendVarint(inode.mode, &out);
  }
  return PipeSink(fd).Write(out);
}

class VarintReader {
 public:
  explicit VarintReader(absl::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  uint64_t Number() {
    uint64_t value = 0;
    position_ =
        position_ == nullptr ? nullptr : DecodeVarint(position_, end_, &value);
    return value;
  }
  void Bytes(std::vector<char>* out) {
    const uint64_t size = Number();
    if (position_ == nullptr ||
        size > static_cast<uint64_t>(end_ - position_)) {
      position_ = nullptr;
      return;
    }
    out->assign(position_, position_ + size);
    position_ += size;
  }
  bool ok() const { return position_ != nullptr; }

 private:
  const char* position_;
  const char* end_;
};

absl::Status ReceiveVarints(int fd, Received* received) {
  std::string bytes;
  DS_RETURN_IF_ERROR(ReadToEnd(fd, &bytes));
  VarintReader reader(bytes);
  const uint64_t count = reader.Number();
  // serde reserves at most 1 MiB for a length that it has not verified.
  received->owned.reserve(
      std::min<uint64_t>(count, 1024 * 1024 / sizeof(OwnedInode)));
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    OwnedInode& inode = received->owned.emplace_back();
    inode.id = reader.Number();
    inode.refcount = reader.Number();
    reader.Number();
    inode.parent = reader.Number();
    reader.Bytes(&inode.name);
    reader.Number();
    inode.mount_id = reader.Number();
    inode.handle_type = static_cast<int32_t>(UnZigZag(reader.Number()));
    reader.Bytes(&inode.handle);
    inode.ino = reader.Number();
    inode.mode = static_cast<uint32_t>(reader.Number());
  }
  return reader.ok() ? absl::OkStatus() : absl::DataLossError("varints");
}

// --- (b) One big protobuf message ---

absl::Status SendMessage(const InodeTable& table, int fd) {
  FsState state;
  for (const LiveInode& live : table.inodes) {
    devices::fs::v1::Inode& inode = *state.add_inodes();
    inode.set_id(live.id);
    inode.set_refcount(live.refcount);
    inode.mutable_path()->set_parent(live.parent);
    const absl::string_view name = table.NameOf(live);
    inode.mutable_path()->mutable_name()->assign(name.data(), name.size());
    inode.mutable_attributes()->set_mode(live.mode);
    inode.mutable_attributes()->set_ino(live.ino);
    devices::fs::v1::FileHandle& handle = *inode.mutable_verification_handle();
    handle.set_mount_id(live.mount_id);
    handle.set_type(live.handle_type);
    handle.mutable_handle()->assign(live.handle, sizeof(live.handle));
  }
  return PipeSink(fd).Write(state.SerializeAsString());
}

absl::Status IncompleteInode() {
  return absl::InvalidArgumentError("not an inode as this benchmark sends it");
}

absl::Status ReceiveMessage(int fd, Received* received) {
  std::string bytes;
  DS_RETURN_IF_ERROR(ReadToEnd(fd, &bytes));
  FsState state;
  if (!state.ParseFromString(bytes)) return absl::DataLossError("message");
  for (const devices::fs::v1::Inode& inode : state.inodes()) {
    LiveInode* const live =
        AppendInode(inode.path().name(), inode.verification_handle().handle(),
                    &received->table);
    if (live == nullptr) return IncompleteInode();
    live->id = inode.id();
    live->parent = inode.path().parent();
    live->refcount = inode.refcount();
    live->ino = inode.attributes().ino();
    live->mount_id = inode.verification_handle().mount_id();
    live->mode = inode.attributes().mode();
    live->handle_type = inode.verification_handle().type();
  }
  return absl::OkStatus();
}

// --- (c) devstate, through its own channels ---

absl::Status SendDevstate(const InodeTable& table, int fd,
                          Compression compression, bool use_second_thread) {
  WriterOptions options;
  options.implementation.name = "bench";
  options.compression = compression;
  options.use_second_thread = use_second_thread;
  DS_ASSIGN_OR_RETURN(Channel channel, AdmitChannel(FileDescriptor(dup(fd)),
                                                    ChannelUse::kWrite));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSink> sink,
                      FdSink::Create(std::move(channel)));
  FsStateWriter writer(sink.get(), options);
  FsState root;
  root.set_next_inode(table.inodes.size() + 1);
  DS_RETURN_IF_ERROR(WriteTable(table, root, writer));
  return sink->Finish();
}

class TableVisitor : public FsStateVisitor {
 public:
  explicit TableVisitor(InodeTable* table) : table_(*table) {}

  absl::Status OnRoot(const FsState& root) override {
    // A hint, and from a peer: worth address space, not more.
    const uint64_t expected =
        std::min<uint64_t>(root.next_inode(), 4 * 1024 * 1024);
    table_.inodes.reserve(expected);
    table_.names.Reserve(expected * 24);
    return absl::OkStatus();
  }
  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      if (!row.path || !row.verification_handle || !row.attributes) {
        return IncompleteInode();
      }
      LiveInode* const live =
          AppendInode(row.path->name, row.verification_handle->handle, &table_);
      if (live == nullptr) return IncompleteInode();
      live->id = row.id;
      live->parent = row.path->parent;
      live->refcount = row.refcount;
      live->ino = row.attributes->ino;
      live->mount_id = row.verification_handle->mount_id;
      live->mode = row.attributes->mode;
      live->handle_type = row.verification_handle->type;
    }
    return absl::OkStatus();
  }
  absl::Status OnHandles(HandlesBatch&) override { return absl::OkStatus(); }
  absl::Status OnMountPaths(MountPathsBatch&) override {
    return absl::OkStatus();
  }

 private:
  InodeTable& table_;
};

absl::Status ReadState(int fd, FsStateVisitor& visitor) {
  DS_ASSIGN_OR_RETURN(Channel channel,
                      AdmitChannel(FileDescriptor(dup(fd)), ChannelUse::kRead));
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<FdSource> source,
                      FdSource::Create(std::move(channel)));
  DS_RETURN_IF_ERROR(FsStateReader(source.get()).Read(visitor));
  wire_bytes += source->bytes();
  return absl::OkStatus();
}

absl::Status ReceiveDevstate(int fd, Received* received) {
  TableVisitor visitor(&received->table);
  return ReadState(fd, visitor);
}

std::function<absl::Status(const InodeTable&, int)> Sender(
    Compression compression, bool use_second_thread = true) {
  return [=](const InodeTable& table, int fd) {
    return SendDevstate(table, fd, compression, use_second_thread);
  };
}

// The same into structs that own their strings, to compare with (a).
class OwnedVisitor : public TableVisitor {
 public:
  explicit OwnedVisitor(Received* received)
      : TableVisitor(&received->table), owned_(received->owned) {}
  absl::Status OnRoot(const FsState& root) override {
    owned_.reserve(std::min<uint64_t>(root.next_inode(), 4 * 1024 * 1024));
    return absl::OkStatus();
  }
  absl::Status OnInodes(InodesBatch& batch) override {
    InodeRow row;
    while (batch.Next(&row)) {
      if (!row.path || !row.verification_handle || !row.attributes) {
        return IncompleteInode();
      }
      const absl::string_view name = row.path->name;
      const absl::string_view handle = row.verification_handle->handle;
      owned_.push_back({row.id,
                        row.path->parent,
                        row.refcount,
                        row.attributes->ino,
                        row.verification_handle->mount_id,
                        row.attributes->mode,
                        row.verification_handle->type,
                        {name.begin(), name.end()},
                        {handle.begin(), handle.end()}});
    }
    return absl::OkStatus();
  }

 private:
  std::vector<OwnedInode>& owned_;
};

absl::Status ReceiveOwned(int fd, Received* received) {
  OwnedVisitor visitor(received);
  return ReadState(fd, visitor);
}

// --- (d) The bare pipe ---

uint64_t bare_pipe_bytes = 0;
constexpr size_t kBareBlock = 128 * 1024;

absl::Status SendBytes(const InodeTable&, int fd) {
  const std::string block(kBareBlock, 'x');
  PipeSink sink(fd);
  for (uint64_t left = bare_pipe_bytes; left > 0;) {
    const size_t size = std::min<uint64_t>(left, block.size());
    DS_RETURN_IF_ERROR(sink.Write({block.data(), size}));
    left -= size;
  }
  return absl::OkStatus();
}

absl::Status ReceiveBytes(int fd, Received*) {
  std::string block(kBareBlock, 0);
  PipeSource source(fd);
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t n, source.Read(&block[0], block.size()));
    if (n == 0) return absl::OkStatus();
  }
}

// --- (e) Raw structs and names, no serialization at all ---

absl::Status SendStructs(const InodeTable& table, int fd) {
  const uint64_t sizes[2] = {table.inodes.size(), table.names.size()};
  PipeSink sink(fd);
  DS_RETURN_IF_ERROR(
      sink.Write({reinterpret_cast<const char*>(sizes), sizeof(sizes)}));
  DS_RETURN_IF_ERROR(
      sink.Write({reinterpret_cast<const char*>(table.inodes.data()),
                  table.inodes.size() * sizeof(LiveInode)}));
  return sink.Write({table.names.data(), table.names.size()});
}

absl::Status ReadExactly(ByteSource& source, char* out, size_t size) {
  while (size > 0) {
    DS_ASSIGN_OR_RETURN(const size_t n, source.Read(out, size));
    if (n == 0) return absl::DataLossError("end of pipe");
    out += n;
    size -= n;
  }
  return absl::OkStatus();
}

absl::Status ReceiveStructs(int fd, Received* received) {
  PipeSource source(fd);
  uint64_t sizes[2];
  DS_RETURN_IF_ERROR(
      ReadExactly(source, reinterpret_cast<char*>(sizes), sizeof(sizes)));
  InodeTable& table = received->table;
  table.inodes.resize(sizes[0]);
  table.names.ResizeUninitialized(sizes[1]);
  DS_RETURN_IF_ERROR(ReadExactly(source,
                                 reinterpret_cast<char*>(table.inodes.data()),
                                 sizes[0] * sizeof(LiveInode)));
  return ReadExactly(source, table.names.data(), sizes[1]);
}

}  // namespace

uint64_t Received::Hash() const {
  if (owned.empty()) return HashTable(table);
  InodeTable converted;
  for (const OwnedInode& inode : owned) {
    LiveInode* const live =
        AppendInode({inode.name.data(), inode.name.size()},
                    {inode.handle.data(), inode.handle.size()}, &converted);
    if (live == nullptr) return 0;
    live->id = inode.id;
    live->parent = inode.parent;
    live->refcount = inode.refcount;
    live->ino = inode.ino;
    live->mount_id = inode.mount_id;
    live->mode = inode.mode;
    live->handle_type = inode.handle_type;
  }
  return HashTable(converted);
}

Variant DevstateVariant(std::string name, Compression compression) {
  return {std::move(name), true, Sender(compression), &ReceiveDevstate};
}

std::vector<Variant> AllVariants() {
  return {
      {"(a) virtiofsd's way: varint rows", false, &SendVarints,
       &ReceiveVarints},
      {"(b) one protobuf message", true, &SendMessage, &ReceiveMessage},
      DevstateVariant("(c) devstate raw", Compression::Raw()),
      DevstateVariant("(c) devstate zstd 1", Compression::Zstd(1)),
      {"(c) devstate zstd 1, one thread", true,
       Sender(Compression::Zstd(1), /*use_second_thread=*/false),
       &ReceiveDevstate},
      DevstateVariant("(c) devstate automatic", Compression::Automatic()),
      {"(c) devstate raw, owned strings", true, Sender(Compression::Raw()),
       &ReceiveOwned},
      {"(d) bare pipe, bytes of (c) raw", true, &SendBytes, &ReceiveBytes,
       false},
      {"(e) raw structs, not serialized", true, &SendStructs, &ReceiveStructs},
  };
}

uint64_t WireBytes() { return wire_bytes; }

void AddWireBytes(uint64_t bytes) { wire_bytes += bytes; }

void SetBarePipeBytes(uint64_t bytes) { bare_pipe_bytes = bytes; }

}  // namespace devstate::bench
