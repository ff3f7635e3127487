// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The states of a device that VFIO migrates, version 2 of its protocol, and the
// arcs between them: one table of (state, target) -> (arc). It is sans I/O: no
// descriptor, no thread, no message. The prose is docs/vfio.md.

#ifndef DEVSTATE_TRANSPORT_VFIO_MIGRATION_STATES_H_
#define DEVSTATE_TRANSPORT_VFIO_MIGRATION_STATES_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace devstate::vfio {

// Numbers and names are those of vfio_device_mig_state in <linux/vfio.h>. There
// is no RUNNING_P2P (5) and no PRE_COPY_P2P (7): vfio-user does not use them.
enum class MigrationState : uint32_t {
  kError = 0,     // a reset alone leaves it
  kStop = 1,      // the device does nothing
  kRunning = 2,   // the first state
  kStopCopy = 3,  // as kStop; the state is read
  kResuming = 4,  // as kStop; a state is written
  kPreCopy = 6,   // as kRunning; the state is read
};
inline constexpr MigrationState kMigrationStates[] = {
    MigrationState::kError,    MigrationState::kStop,
    MigrationState::kRunning,  MigrationState::kStopCopy,
    MigrationState::kResuming, MigrationState::kPreCopy,
};

// What happens on an arc.
enum class MigrationAction : uint8_t {
  kRefuse,        // there is no way; nothing changes
  kStart,         // the device works again
  kStop,          // the device stops
  kBeginPreCopy,  // a save begins, and the device goes on
  kStopInSave,    // the device stops, and the save goes on to its end
  kBeginSave,     // a save of the stopped device begins
  kEndSave,       // the save is over, or was given up
  kBeginLoad,     // a load begins
  kFinishLoad,    // the load is judged and put into force, or refused
};

struct MigrationArc {
  MigrationAction action;
  // The state after the arc, and after an action that has failed.
  MigrationState to;
  MigrationState if_failed;
};

// Returns the first arc of the way from `from` to `target`, the shortest one
// that has no saving state in its middle. Requires: they differ.
//
// A device without `pre_copy` has no state kPreCopy.
MigrationArc NextArc(MigrationState from, MigrationState target, bool pre_copy);

absl::string_view MigrationStateName(MigrationState state);
absl::string_view MigrationActionName(MigrationAction action);

// Returns whether `number` is that of a state.
bool IsMigrationState(uint32_t number);

// Return whether data may be read, or written, in the state.
constexpr bool IsSaving(MigrationState state) {
  return state == MigrationState::kPreCopy ||
         state == MigrationState::kStopCopy;
}
constexpr bool IsLoading(MigrationState state) {
  return state == MigrationState::kResuming;
}

}  // namespace devstate::vfio

#endif  // DEVSTATE_TRANSPORT_VFIO_MIGRATION_STATES_H_
