// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What comes before the session where both sides have kProtocolFRounds: one
// table of (state, event) -> (state, actions) for SET_DEVICE_STATE_FD in the
// phase of rounds and for DEVICE_STATE_ROUND. Sans I/O, as session.h. The prose
// is docs/session.md.
//
// It holds a save until its last round. That one is a save of the session, on
// the channel of the rounds. A load in rounds is the session's from its start;
// this only holds a DEVICE_STATE_ROUND that waits for a part of it.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_ROUNDS_SESSION_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_ROUNDS_SESSION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate::vhost_user {

// SET is SET_DEVICE_STATE_FD in the phase of rounds, ROUND is
// DEVICE_STATE_ROUND.
enum class RoundsState : uint8_t {
  kNone,      // no rounds, or the session has them
  kBetween,   // a save in rounds, and its device may run
  kWriting,   // the worker writes a round; ROUND is not answered yet
  kAwaiting,  // a ROUND waits for the session's load
};
inline constexpr int kRoundsStates = 4;

enum class RoundsEvent : uint8_t {
  kSet,         // SET: a save in rounds
  kRound,       // ROUND: the next round of the save
  kLastRound,   // ROUND: its last one, and all rings are stopped
  kAwaitRound,  // ROUND: a round of the session's load
  kRoundUnfit,  // ROUND that must be refused
  kWorkOk,      // the round was written
  kWorkFailed,  // it was not
  kLoaded,      // the load has the awaited round, or all of them
  kLoadOver,    // the load ended without it
  kDeadline,    // the deadline of kWriting passed
  kAbandoned,   // a SET of another phase or a refused one, CHECK, a lost
                // negotiation or connection
};
inline constexpr int kRoundsEvents = 11;

// A set of actions. They are executed in the order of the bits, lowest first.
using RoundsActions = uint16_t;
enum RoundsAction : RoundsActions {
  // Answer an earlier ROUND that is still unanswered with an error.
  kFailOpenRound = 1 << 0,
  // Stop the worker, close the channel, and end the rounds of the device. A
  // later kWorkOk or kWorkFailed must not be fed.
  kGiveUpRounds = 1 << 1,
  // Write the next round.
  kStartRound = 1 << 2,
  // Answer SET: accepted (0x100). A refused one is the session's.
  kAcceptRounds = 1 << 3,
  // Give the channel to the session as that of a save which it accepts. What
  // the worker writes to it is the last round.
  kHandOver = 1 << 4,
  // Answer ROUND.
  kPassRound = 1 << 5,
  kFailRound = 1 << 6,
};

struct RoundsStep {
  RoundsState next;
  RoundsActions actions;
};

// Returns the entry of the table. It is defined for every pair.
RoundsStep StepOf(RoundsState state, RoundsEvent event);

absl::string_view RoundsStateName(RoundsState state);
absl::string_view RoundsEventName(RoundsEvent event);
std::string RoundsActionNames(RoundsActions actions);

// Returns whether a ROUND has not been answered yet, as OwesReply().
bool OwesReply(RoundsState state);

// The table with a current state. Thread-safety: none.
class RoundsSession {
 public:
  RoundsState state() const { return state_; }

  // Takes one event and returns what to do about it.
  RoundsActions Handle(RoundsEvent event) {
    const RoundsStep step = StepOf(state_, event);
    state_ = step.next;
    return step.actions;
  }

 private:
  RoundsState state_ = RoundsState::kNone;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_ROUNDS_SESSION_H_
