// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The session: what a back-end does about SET_DEVICE_STATE_FD (42) and
// CHECK_DEVICE_STATE (43), as one table of (state, event) -> (state, actions).
// Sans I/O: no file descriptor, no thread, no clock, no message. The prose is
// docs/session.md.
//
// A back-end that parses vhost-user itself and moves bytes itself uses this
// class alone; DeviceStateEngine adds channels and a worker thread.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_SESSION_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_SESSION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate::vhost_user {

enum class SessionState : uint8_t {
  kUnnegotiated,         // protocol feature bit 19 not acknowledged
  kUnnegotiatedRunning,  // the same, and at least one ring is started
  kRunning,              // bit 19, at least one ring is started
  kIdle,                 // bit 19, all rings stopped, no transfer
  kPreparing,            // save into a stored channel of ours: 42 is answered
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

enum class SessionEvent : uint8_t {
  kNegotiated,     // SET_PROTOCOL_FEATURES with bit 19
  kNotNegotiated,  // SET_PROTOCOL_FEATURES without it
  kRingsStarted,   // the first ring was started
  kRingsStopped,   // the last ring was stopped
  kSetSave,        // 42, save, into a stream or the front-end's stored FD
  kSetSaveStored,  // 42, save, into a stored channel of ours
  kSetLoad,        // 42, load, from a stream
  kSetLoadStored,  // 42, load, from a stored channel, whoever made it
  kSetUnfit,       // 42 that must be refused: phase, direction, FD, channel
  kWorkOk,         // the started transfer, or the commit, succeeded
  kWorkFailed,     // the started transfer, or the commit, failed
  kCheck,          // 43
  kDeadline,       // the state's deadline passed (see HasDeadline)
  kDisconnected,   // the control socket is gone
};
inline constexpr int kSessionEvents = 14;

// A set of actions; executed in the order of the bits, lowest first.
using SessionActions = uint16_t;
enum SessionAction : SessionActions {
  // Answer an earlier, still unanswered 42 or 43 with an error: the front-end
  // gave up on it.
  kFailOpenSet = 1 << 0,
  kFailOpenCheck = 1 << 1,
  // Stop the transfer that is under way and close its channel. Its later
  // kWorkOk or kWorkFailed must not be fed.
  kCancel = 1 << 2,
  // Forget what a load has staged. Never together with kCommit; follows every
  // load that was started and not committed.
  kDiscard = 1 << 3,
  // Begin the transfer of the event's (for CHECK: the earlier 42's) direction.
  kStart = 1 << 4,
  // Apply what was staged; then feed kWorkOk or kWorkFailed.
  kCommit = 1 << 5,
  // Answer 42: accepted (0x100, or 0 and our FD) or refused (0x101).
  kAcceptSet = 1 << 6,
  kRefuseSet = 1 << 7,
  // Answer 43: 0, or the failure's non-zero value.
  kPassCheck = 1 << 8,
  kFailCheck = 1 << 9,
};

struct SessionStep {
  SessionState next;
  SessionActions actions;
};

// The table. Total: defined for every pair.
SessionStep StepOf(SessionState state, SessionEvent event);

absl::string_view SessionStateName(SessionState state);
absl::string_view SessionEventName(SessionEvent event);
std::string SessionActionNames(SessionActions actions);

// Whether the driver must run a timer in `state` and feed kDeadline: the
// transfer's total deadline from 42 on, or the CHECK deadline from 43 on.
bool HasTransferDeadline(SessionState state);
bool HasCheckDeadline(SessionState state);

// Whether a 42 or 43 has not been answered yet. A driver that reads no further
// message until it is never sees kFailOpenSet and kFailOpenCheck.
bool OwesReply(SessionState state);

// The table with a current state. Not thread-safe.
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
