// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VFIO_MIGRATION_DEVICE_H_
#define DEVSTATE_TRANSPORT_VFIO_MIGRATION_DEVICE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace devstate::vfio {

// What is left to read while the device runs, in bytes: estimates, as those of
// VFIO_MIG_GET_PRECOPY_INFO. They say nothing of what comes after the stop.
struct PreCopyBytes {
  // Of what was there when the save began. Not 0 at its beginning; falls as it
  // is read.
  uint64_t initial = 0;
  // Of what has changed since. 0 at the beginning; falls as it is read.
  uint64_t dirty = 0;
};

// The interface of a device that VFIO migrates. MigrationSession calls it in
// the order of its states, one call at a time. No call may wait for a peer.
//
// A state is read and written as bytes in pieces of any size, for which
// StreamPullWriter and StreamPushReader are made.
class MigrationDevice {
 public:
  virtual ~MigrationDevice() = default;

  // Returns whether the state can be read while the device runs. Must always
  // return the same. Default: false.
  virtual bool HasPreCopy() const { return false; }

  // Makes a stopped device work, or stops it. The state must not change any
  // more when Stop() has returned. After an error it is as before.
  virtual absl::Status Start() = 0;
  virtual absl::Status Stop() = 0;

  // Makes the device as it was when it was made, and working. Saves and loads
  // are over before.
  virtual void Reset() = 0;

  // Begins a save of a device that works, if `running`, or is stopped.
  virtual absl::Status BeginSave(bool running) = 0;
  // Stops the device in a save that began while it worked. What is read from
  // now on leads to the end. Default: UNIMPLEMENTED.
  virtual absl::Status StopInSave();
  // Fills `buffer` with the next `size` bytes. Returns how many there were,
  // which is less only where there is nothing now, or at the end of the save of
  // a stopped device. After an error the save can only be ended.
  virtual absl::StatusOr<size_t> ReadData(char* buffer, size_t size) = 0;
  // Called while the device runs. Default: nothing.
  virtual PreCopyBytes CountPreCopy() const { return {}; }
  // Ends a save, read to its end or not. The device goes on as it is.
  virtual void EndSave() = 0;

  // Begins a load into a stopped device.
  virtual absl::Status BeginLoad() = 0;
  // Takes the next bytes. What is wrong with them is an error of FinishLoad().
  virtual void WriteData(absl::string_view bytes) = 0;
  // Checks that the state was complete and may be loaded, and puts it into
  // force, all or nothing. Ends the load, whatever it returns.
  virtual absl::Status FinishLoad() = 0;
  // Gives up a load instead. The device is as before it.
  virtual void DiscardLoad() = 0;
};

inline absl::Status MigrationDevice::StopInSave() {
  return absl::UnimplementedError("the device has no pre-copy");
}

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_MIGRATION_DEVICE_H_
