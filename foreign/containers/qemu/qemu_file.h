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
#include "absl/types/optional.h"
#include "devstate/foreign/containers/qemu/device_description.h"
#include "devstate/foreign/containers/random_access.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// The first bytes of every migration stream of QEMU.
inline constexpr absl::string_view kQemuFileMagic = "QEVM";

// The largest description of the devices that is read. A small machine's has 44
// KB, and every CPU adds less than 10 KB.
inline constexpr size_t kMaxDeviceDescription = size_t{32} << 20;

// The largest region of requests in flight that is read: 1024 queues of 1024.
inline constexpr size_t kMaxInflightRegion = size_t{64} << 20;

// The largest field of a virtio device that is read. Requests in flight have
// 48 KiB each, the rest of a device less than 1 MiB.
inline constexpr size_t kMaxVirtioField = size_t{64} << 20;

// The largest rest of a virtio device that is read: QEMU lets the pixels of a
// virtio-gpu device have 256 MiB.
inline constexpr size_t kMaxVirtioRest = size_t{272} << 20;

// A device that has a back-end's state in the file.
struct BackendState {
  // QEMU's name of the device's section, by bus address and type:
  // "0000:00:01.0/vhost-user-fs". Several of one name differ in `instance`.
  std::string device;
  uint32_t instance = 0;
  // The offset in the file of the first chunk's length.
  uint64_t offset = 0;
  // The offset after the end mark.
  uint64_t end = 0;
  // The size of the state itself, without the lengths of the chunks.
  uint64_t bytes = 0;
  uint64_t chunks = 0;
  // The field that has the state, as the description says it.
  StateField field;

  // Returns what chooses it among the others of its file. That is the device,
  // followed by "#" and the instance unless that is 0.
  std::string Id() const;
};

// The requests in flight that a vhost-user-blk device sends (QEMU 11.0 and
// later, with inflight-migration=on).
struct InflightState {
  std::string device;
  uint32_t instance = 0;
  // The offset in the file of the region, and its size. QEMU does not load a
  // file in which the size is 0.
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint16_t queue_size = 0;

  // Returns what BackendState::Id() does.
  std::string Id() const;
};

// A virtio device that QEMU saves by itself, be it one that it emulates or one
// of a back-end.
struct VirtioSection {
  std::string device;
  uint32_t instance = 0;
  // What QEMU calls the description of its fields: "virtio-net".
  std::string type;
  // The offset of the field in the file.
  uint64_t offset = 0;
  VirtioField field;
  // The number of bytes in the section after the field.
  uint64_t rest = 0;

  // Returns what BackendState::Id() does.
  std::string Id() const;
};

// A migration file of QEMU 2.3 or later, whatever its capabilities.
//
// Guest memory is not searched as long as the file ends with the migration, so
// nothing in it can pass for a state. Memory is O(description), never O(state).
// Thread-safety: none.
//
// Errors of every member that reads: INVALID_ARGUMENT with an ErrorDetail for a
// damaged file, DATA_LOSS for a medium that fails.
class QemuFile {
 public:
  // Opens the migration that starts at `start` and finds the states. Zeros may
  // follow it. FAILED_PRECONDITION if there is no migration at `start`.
  //
  // Requires: `start` is inside the file or at its end.
  static absl::StatusOr<std::unique_ptr<QemuFile>> Open(
      std::unique_ptr<RandomAccess> file, uint64_t start = 0);

  // Returns the states in the order of the file; may be empty.
  const std::vector<BackendState>& states() const { return states_; }
  // Returns the requests in flight, likewise.
  const std::vector<InflightState>& inflight() const { return inflight_; }
  // Returns the virtio devices, likewise, but for those that QEMU sends before
  // guest memory.
  const std::vector<VirtioSection>& virtio() const { return virtio_; }

  // Returns the state whose Id() is `device`. Empty: the only one there is.
  // NOT_FOUND and FAILED_PRECONDITION list those there are.
  absl::StatusOr<const BackendState*> Find(absl::string_view device) const;

  // Returns the state's bytes. Requires: `state` is one of states(), and this
  // object outlives the source.
  std::unique_ptr<ByteSource> OpenState(const BackendState& state);

  // Returns the region's bytes. RESOURCE_EXHAUSTED above kMaxInflightRegion.
  // Requires: `state` is one of inflight().
  absl::StatusOr<std::string> ReadInflight(const InflightState& state);

  // Returns the field with all that virtio devices save. RESOURCE_EXHAUSTED
  // above kMaxVirtioField. Requires: `section` is one of virtio().
  absl::StatusOr<std::string> ReadVirtio(const VirtioSection& section);

  // Returns what the section has after that field, likewise: the other fields
  // and subsections of its description. RESOURCE_EXHAUSTED above
  // kMaxVirtioRest.
  absl::StatusOr<std::string> ReadRest(const VirtioSection& section);

  // Returns what QEMU has saved of the device before guest memory, likewise;
  // nothing of most devices. FAILED_PRECONDITION if the layout of the file does
  // not show where that is.
  absl::StatusOr<absl::optional<std::string>> ReadEarly(
      const VirtioSection& section);

  // Writes the file with `bytes` in place of what the device has saved. The
  // description's sizes follow. Errors are also those of `out`. Requires:
  // `section` is one of virtio().
  absl::Status ReplaceVirtio(const VirtioSection& section,
                             absl::string_view bytes, ByteSink& out);

  // Writes the file with the bytes of `replacement` in place of `state`. The
  // first chunks get the lengths that they had, so that the same bytes make the
  // same file. Any further ones have 64 KiB. The description's sizes follow.
  // Errors are also those of `replacement` and `out`.
  //
  // Requires: `state` is one of states().
  absl::Status Inject(const BackendState& state, ByteSource& replacement,
                      ByteSink& out);

 private:
  QemuFile(std::unique_ptr<RandomAccess> file, uint64_t start)
      : file_(std::move(file)), start_(start) {}

  absl::StatusOr<bool> OpenAtEnd();
  absl::Status Search();
  // Takes the description from description_offset_ to end_.
  absl::Status ReadDescribed();
  absl::StatusOr<uint64_t> NextDescription(uint64_t offset, uint64_t* end);
  absl::StatusOr<bool> OnlyZerosFrom(uint64_t offset);
  absl::Status WalkSections(const std::vector<DeviceDescription>& devices);
  absl::Status AddState(const DeviceDescription& device, uint64_t body);
  absl::Status AddInflight(const DeviceDescription& device, uint64_t body);
  void AddVirtio(const DeviceDescription& device, uint64_t body);
  absl::StatusOr<std::string> ReadPart(uint64_t offset, uint64_t size,
                                       uint64_t most);
  // Writes what comes after `from`, with `size` in place of the number at the
  // given place of the description.
  absl::Status CopyRest(uint64_t from, uint64_t size, size_t size_at,
                        size_t size_digits, ByteSink& out);
  absl::Status CopyRange(uint64_t begin, uint64_t end, ByteSink& out);
  absl::StatusOr<uint64_t> WriteChunks(const BackendState& state,
                                       ByteSource& replacement, ByteSink& out);

  const std::unique_ptr<RandomAccess> file_;
  const uint64_t start_;
  // The offset of the description's text, and that of its end.
  uint64_t description_offset_ = 0;
  uint64_t end_ = 0;
  std::vector<BackendState> states_;
  std::vector<InflightState> inflight_;
  std::vector<VirtioSection> virtio_;
  // The first devices of the description, which are not among those at the end.
  std::vector<DeviceDescription> early_;
  uint64_t footer_size_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_CONTAINERS_QEMU_QEMU_FILE_H_
