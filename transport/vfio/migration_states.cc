// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The table is written out in full, so that every pair can be looked up, and a
// test compares it with that of docs/vfio.md.

#include "devstate/transport/vfio/migration_states.h"

#include <algorithm>
#include <iterator>

namespace devstate::vfio {
namespace {

using Action = MigrationAction;
using State = MigrationState;

constexpr State kError = State::kError;
constexpr State kStop = State::kStop;
constexpr State kRunning = State::kRunning;
constexpr State kStopCopy = State::kStopCopy;
constexpr State kResuming = State::kResuming;
constexpr State kPreCopy = State::kPreCopy;

constexpr int kStates = 7;

// kTable[from][target] is the next state. A pair that is not written has none,
// which is 0 as ERROR is: nobody may ask for that state.
constexpr State kTable[kStates][kStates] = {
    /* kError */ {},
    /* kStop */
    {kError, kStop, kRunning, kStopCopy, kResuming, kError, kRunning},
    /* kRunning */
    {kError, kStop, kRunning, kStop, kStop, kError, kPreCopy},
    /* kStopCopy */
    {kError, kStop, kStop, kStopCopy, kStop, kError, kError},
    /* kResuming */
    {kError, kStop, kStop, kStop, kResuming, kError, kStop},
    /* none */ {},
    /* kPreCopy */
    {kError, kRunning, kRunning, kStopCopy, kRunning, kError, kPreCopy},
};

// Requires: the table has the step.
constexpr Action ActionOf(State from, State to) {
  switch (from) {
    case kStop:
      if (to == kRunning) return Action::kStart;
      return to == kStopCopy ? Action::kBeginSave : Action::kBeginLoad;
    case kRunning:
      return to == kStop ? Action::kStop : Action::kBeginPreCopy;
    case kPreCopy:
      return to == kRunning ? Action::kEndSave : Action::kStopInSave;
    case kStopCopy:
      return Action::kEndSave;
    default:
      return Action::kFinishLoad;
  }
}

}  // namespace

MigrationArc NextArc(State from, State target, bool pre_copy) {
  const State to =
      kTable[static_cast<uint32_t>(from)][static_cast<uint32_t>(target)];
  if (to == kError || (target == kPreCopy && !pre_copy)) {
    return {Action::kRefuse, from, from};
  }
  const Action action = ActionOf(from, to);
  // The device has kept none of a state that was refused, but whoever drives it
  // must not take it for one that has been loaded.
  return {action, to, action == Action::kFinishLoad ? kError : from};
}

absl::string_view MigrationStateName(State state) {
  switch (state) {
    case kError:
      return "ERROR";
    case kStop:
      return "STOP";
    case kRunning:
      return "RUNNING";
    case kStopCopy:
      return "STOP_COPY";
    case kResuming:
      return "RESUMING";
    case kPreCopy:
      return "PRE_COPY";
  }
  return "unknown";
}

absl::string_view MigrationActionName(Action action) {
  switch (action) {
    case Action::kRefuse:
      return "refuse";
    case Action::kStart:
      return "start";
    case Action::kStop:
      return "stop";
    case Action::kBeginPreCopy:
      return "begin pre-copy";
    case Action::kStopInSave:
      return "stop in save";
    case Action::kBeginSave:
      return "begin save";
    case Action::kEndSave:
      return "end save";
    case Action::kBeginLoad:
      return "begin load";
    case Action::kFinishLoad:
      return "finish load";
  }
  return "unknown";
}

bool IsMigrationState(uint32_t number) {
  return std::any_of(
      std::begin(kMigrationStates), std::end(kMigrationStates),
      [number](State state) { return static_cast<uint32_t>(state) == number; });
}

}  // namespace devstate::vfio
