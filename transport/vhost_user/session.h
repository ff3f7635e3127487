// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The session of a back-end: one table of (state, event) -> (state, actions)
// for SET_DEVICE_STATE_FD (42) and CHECK_DEVICE_STATE (43). It is sans I/O: no
// file descriptor, no thread, no clock, no message. The prose is
// docs/session.md.
//
// A back-end that parses vhost-user itself and moves bytes itself uses this
// class alone. DeviceStateEngine adds channels and a worker thread.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_SESSION_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_SESSION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate::vhost_user {

// SET and CHECK are SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE.
enum class SessionState : uint8_t {
  kUnnegotiated,         // protocol feature bit 19 not acknowledged
  kUnnegotiatedRunning,  // the same, and at least one ring is started
  kRunning,              // bit 19, at least one ring is started
  kIdle,                 // bit 19, all rings stopped, no transfer
  kPreparing,            // save into a stored channel of ours: SET is answered
                         // only when the data is complete
  kSaving,               // the worker writes
  kLoading,              // the worker reads
  kAwaitingData,         // load from a stored channel: it is read at CHECK
  kSaved,                // everything written and closed
  kLoaded,               // everything read and staged, nothing applied
  kFailed,               // the transfer failed; CHECK will say so
  kCheckingSave,         // CHECK came while the worker writes
  kCheckingLoad,         // CHECK came while the worker reads
  kCommitting,           // CHECK came, the staged state is being applied
};
inline constexpr int kSessionStates = 14;

// The kSet events are SET_DEVICE_STATE_FD requests.
enum class SessionEvent : uint8_t {
  kNegotiated,     // SET_PROTOCOL_FEATURES with bit 19
  kNotNegotiated,  // SET_PROTOCOL_FEATURES without it
  kRingsStarted,   // the first ring was started
  kRingsStopped,   // the last ring was stopped
  kSetSave,        // save into a stream or the front-end's stored FD
  kSetSaveStored,  // save into a stored channel of ours
  kSetLoad,        // load from a stream
  kSetLoadStored,  // load from a stored channel, whoever made it
  kSetUnfit,       // must be refused: phase, direction, FD or channel is wrong
  kWorkOk,         // the started transfer, or the commit, succeeded
  kWorkFailed,     // the started transfer, or the commit, failed
  kCheck,          // CHECK_DEVICE_STATE
  kDeadline,       // a deadline of the state passed (see HasTransferDeadline)
  kDisconnected,   // the control socket is gone
};
inline constexpr int kSessionEvents = 14;

// A set of actions. They are executed in the order of the bits, lowest first.
using SessionActions = uint16_t;
enum SessionAction : SessionActions {
  // Answer an earlier SET or CHECK that is still unanswered with an error. The
  // front-end gave up on it.
  kFailOpenSet = 1 << 0,
  kFailOpenCheck = 1 << 1,
  // Stop the current transfer and close its channel. Its later kWorkOk or
  // kWorkFailed must not be fed.
  kCancel = 1 << 2,
  // Forget what a load has staged. Never together with kCommit. Follows every
  // load that was started and not committed.
  kDiscard = 1 << 3,
  // Begin the transfer in the direction of the event. For CHECK, that is the
  // direction of the earlier SET.
  kStart = 1 << 4,
  // Apply what was staged; then feed kWorkOk or kWorkFailed.
  kCommit = 1 << 5,
  // Answer SET: accepted (0x100, or 0 and our FD) or refused (0x101).
  kAcceptSet = 1 << 6,
  kRefuseSet = 1 << 7,
  // Answer CHECK: 0, or the failure's non-zero value.
  kPassCheck = 1 << 8,
  kFailCheck = 1 << 9,
};

struct SessionStep {
  SessionState next;
  SessionActions actions;
};

// Returns the entry of the table. It is defined for every pair.
SessionStep StepOf(SessionState state, SessionEvent event);

absl::string_view SessionStateName(SessionState state);
absl::string_view SessionEventName(SessionEvent event);
std::string SessionActionNames(SessionActions actions);

// Return whether the driver must run a timer in `state` and feed kDeadline when
// it expires. The transfer's total deadline runs from SET on, the CHECK
// deadline from CHECK on.
bool HasTransferDeadline(SessionState state);
bool HasCheckDeadline(SessionState state);

// Returns whether a SET or CHECK has not been answered yet. A driver that reads
// no further message until then never sees kFailOpenSet and kFailOpenCheck.
bool OwesReply(SessionState state);

// The table with a current state. Thread-safety: none.
class Session {
 public:
  SessionState state() const { return state_; }

  // Takes one event and returns what to do about it.
  SessionActions Handle(SessionEvent event) {
    const SessionStep step = StepOf(state_, event);
    state_ = step.next;
    return step.actions;
  }

 private:
  SessionState state_ = SessionState::kUnnegotiated;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_SESSION_H_
