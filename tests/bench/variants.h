// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The ways to move the table that the transfer benchmark compares. Each starts
// from the source's live table and ends with the destination's live table.

#ifndef DEVSTATE_TESTS_BENCH_VARIANTS_H_
#define DEVSTATE_TESTS_BENCH_VARIANTS_H_

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/compression.h"
#include "tests/bench/inode_table.h"

namespace devstate::bench {

// A live inode as virtiofsd's decoder makes it: file name and handle, a String
// and a Vec<u8> there, have memory of their own however short they are
// (virtiofsd, src/passthrough/device_state/serialized.rs). std::string would
// keep short ones in itself.
struct OwnedInode {
  uint64_t id;
  uint64_t parent;
  uint64_t refcount;
  uint64_t ino;
  uint64_t mount_id;
  uint32_t mode;
  int32_t handle_type;
  std::vector<char> name;
  std::vector<char> handle;
};

// What the destination ends up with: one of the two is filled.
struct Received {
  InodeTable table;
  std::vector<OwnedInode> owned;

  uint64_t Hash() const;
};

struct Variant {
  std::string name;
  // Whether the pipe is grown to 1 MiB, as devstate's transport does.
  bool large_pipe;
  // `write_fd` is closed by the caller.
  std::function<absl::Status(const InodeTable& table, int write_fd)> send;
  std::function<absl::Status(int read_fd, Received* received)> receive;
  // Whether the destination's table must equal the source's.
  bool moves_table = true;
};

// (a) comes first and (e) last.
std::vector<Variant> AllVariants();

// devstate with this compression.
Variant DevstateVariant(std::string name, Compression compression);

// What "bare pipe" moves.
void SetBarePipeBytes(uint64_t bytes);

// What this process has read from its pipe, and what another library has read.
uint64_t WireBytes();
void AddWireBytes(uint64_t bytes);

// --- For the variants ---

absl::Status WriteAll(int fd, absl::string_view bytes);
absl::Status ReadToEnd(int fd, std::string* out);

// Appends an inode with this name and handle and returns it for its numbers to
// be set; null if the live table has no room for a handle of this length.
inline LiveInode* AppendInode(absl::string_view name, absl::string_view handle,
                              InodeTable* table) {
  LiveInode& inode = table->inodes.emplace_back();
  if (handle.size() != sizeof(inode.handle)) return nullptr;
  std::memcpy(inode.handle, handle.data(), sizeof(inode.handle));
  inode.name_offset = table->names.size();
  inode.name_size = static_cast<uint32_t>(name.size());
  table->names.Append(name);
  return &inode;
}

}  // namespace devstate::bench

#endif  // DEVSTATE_TESTS_BENCH_VARIANTS_H_
