// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VFIO_MIGRATION_SESSION_H_
#define DEVSTATE_TRANSPORT_VFIO_MIGRATION_SESSION_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/vfio/migration_device.h"
#include "devstate/transport/vfio/migration_states.h"

namespace devstate::vfio {

// The outcome of a read of the data descriptor.
struct DataRead {
  enum class Kind {
    kBytes,      // `size` of them, at least 1
    kNoMessage,  // errno ENOMSG: nothing now, in PRE_COPY
    kEnd,        // 0: nothing any more, in STOP_COPY
  };
  Kind kind = Kind::kEnd;
  size_t size = 0;
};

// A device and its migration state: what a driver of VFIO does about its three
// ioctls and the data descriptor. Thread-safety: none.
//
// Errors of each call: FAILED_PRECONDITION (not in this state),
// INVALID_ARGUMENT (no such state), and those of the device.
class MigrationSession {
 public:
  // Requires: `device` outlives the session, and works.
  explicit MigrationSession(MigrationDevice* device) : device_(*device) {}

  MigrationSession(const MigrationSession&) = delete;
  MigrationSession& operator=(const MigrationSession&) = delete;

  bool has_pre_copy() const { return device_.HasPreCopy(); }

  // VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE: the state, and the way to another.
  // After an error the state is where the way has ended: read it again.
  MigrationState state() const { return state_; }
  absl::Status SetState(uint32_t target);

  // VFIO_DEVICE_RESET: ends what is under way. The state is RUNNING.
  void Reset();

  // read() of the data descriptor. Fewer bytes than `size`, which is not 0,
  // come only where the next read is kNoMessage or kEnd.
  absl::StatusOr<DataRead> ReadData(char* buffer, size_t size);
  // write() of the data descriptor. A state that is refused is an error of
  // SetState() alone.
  absl::Status WriteData(absl::string_view bytes);
  // VFIO_MIG_GET_PRECOPY_INFO.
  absl::StatusOr<PreCopyBytes> CountPreCopy() const;

 private:
  absl::Status Run(MigrationAction action);
  absl::Status NotInState(absl::string_view what) const;

  MigrationDevice& device_;
  MigrationState state_ = MigrationState::kRunning;
};

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_MIGRATION_SESSION_H_
