// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The states of back-ends in a QEMU migration file; docs/qemu_files.md.

#ifndef DEVSTATE_FOREIGN_CONTAINERS_QEMU_QEMU_FILE_H_
#define DEVSTATE_FOREIGN_CONTAINERS_QEMU_QEMU_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/device_description.h"
#include "devstate/foreign/containers/qemu/random_access.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// First bytes of every migration stream of QEMU.
inline constexpr absl::string_view kQemuFileMagic = "QEVM";

// Largest description of the devices that is read. A small machine's has
// 44 KB, and every CPU adds less than 10 KB.
inline constexpr size_t kMaxDeviceDescription = size_t{32} << 20;

// A device that has a back-end's state in the file.
struct BackendState {
  // As QEMU names its section, by bus address and type:
  // "0000:00:01.0/vhost-user-fs". Only several of one name differ in
  // `instance`.
  std::string device;
  uint32_t instance = 0;
  // Where in the file the length of the first chunk is.
  uint64_t offset = 0;
  // Behind the end mark.
  uint64_t end = 0;
  // Of the state itself, without the lengths of the chunks.
  uint64_t bytes = 0;
  uint64_t chunks = 0;
  // The field it is in, as the description says it.
  StateField field;

  // What chooses it among the others of its file: the device, and "#" and the
  // instance behind it unless that is 0.
  std::string Id() const;
};

// A migration file of QEMU 2.4 or later, whatever its capabilities.
//
// Guest memory is neither read nor searched, so nothing in it can pass for a
// state. Memory is O(description), never O(state). Not thread-safe.
//
// Errors of every member that reads: INVALID_ARGUMENT with an ErrorDetail for a
// damaged file, DATA_LOSS for a medium that fails.
class QemuFile {
 public:
  // Finds the states. FAILED_PRECONDITION if the file is no migration file.
  static absl::StatusOr<std::unique_ptr<QemuFile>> Open(
      std::unique_ptr<RandomAccess> file);

  // In the order of the file; may be empty.
  const std::vector<BackendState>& states() const { return states_; }

  // The state whose Id() is `device`. Empty: the only one there is.
  // NOT_FOUND and FAILED_PRECONDITION list those there are.
  absl::StatusOr<const BackendState*> Find(absl::string_view device) const;

  // The state's bytes. `state` is one of states(); this must outlive the
  // source.
  std::unique_ptr<ByteSource> OpenState(const BackendState& state);

  // Writes the file with the bytes of `replacement` in place of `state`, which
  // is one of states(). The first chunks get the lengths that they had, so that
  // the same bytes make the same file; any further ones have 64 KiB. The
  // description's sizes follow. Also errors of `replacement` and `out`.
  absl::Status Inject(const BackendState& state, ByteSource& replacement,
                      ByteSink& out);

 private:
  explicit QemuFile(std::unique_ptr<RandomAccess> file)
      : file_(std::move(file)) {}

  absl::StatusOr<std::string> ReadDescription();
  absl::Status WalkSections(const std::vector<DeviceDescription>& devices);
  absl::Status AddState(const DeviceDescription& device, uint64_t body);
  absl::Status CopyRange(uint64_t begin, uint64_t end, ByteSink& out);
  absl::StatusOr<uint64_t> WriteChunks(const BackendState& state,
                                       ByteSource& replacement, ByteSink& out);

  const std::unique_ptr<RandomAccess> file_;
  // Where the text of the description starts; it goes to the end.
  uint64_t description_offset_ = 0;
  std::vector<BackendState> states_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_QEMU_FILE_H_
