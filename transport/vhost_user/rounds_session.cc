// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Written out in full, as the table of session.cc.

#include "devstate/transport/vhost_user/rounds_session.h"

namespace devstate::vhost_user {
namespace {

constexpr RoundsActions kNothing = 0;

// Short names for the table's sake.
constexpr RoundsState kNone = RoundsState::kNone;
constexpr RoundsState kBetween = RoundsState::kBetween;
constexpr RoundsState kWriting = RoundsState::kWriting;
constexpr RoundsState kAwaiting = RoundsState::kAwaiting;

struct Row {
  RoundsStep steps[kRoundsEvents];
};

// One row a state, one line an event, in the order of the enums.
constexpr Row kTable[kRoundsStates] = {
    // kNone
    {{
        /* kSet */ {kBetween, kAcceptRounds},
        /* kRound */ {kNone, kFailRound},
        /* kLastRound */ {kNone, kFailRound},
        /* kAwaitRound */ {kAwaiting, kNothing},
        /* kRoundUnfit */ {kNone, kFailRound},
        /* kWorkOk */ {kNone, kNothing},
        /* kWorkFailed */ {kNone, kNothing},
        /* kLoaded */ {kNone, kNothing},
        /* kLoadOver */ {kNone, kNothing},
        /* kDeadline */ {kNone, kNothing},
        /* kAbandoned */ {kNone, kNothing},
    }},
    // kBetween
    {{
        /* kSet */ {kBetween, kGiveUpRounds | kAcceptRounds},
        /* kRound */ {kWriting, kStartRound},
        /* kLastRound */ {kNone, kHandOver | kPassRound},
        /* kAwaitRound */ {kBetween, kFailRound},
        /* kRoundUnfit */ {kBetween, kFailRound},
        /* kWorkOk */ {kBetween, kNothing},
        /* kWorkFailed */ {kBetween, kNothing},
        /* kLoaded */ {kBetween, kNothing},
        /* kLoadOver */ {kBetween, kNothing},
        /* kDeadline */ {kBetween, kNothing},
        /* kAbandoned */ {kNone, kGiveUpRounds},
    }},
    // kWriting
    {{
        /* kSet */ {kBetween, kFailOpenRound | kGiveUpRounds | kAcceptRounds},
        /* kRound */ {kNone, kFailOpenRound | kGiveUpRounds | kFailRound},
        /* kLastRound */ {kNone, kFailOpenRound | kGiveUpRounds | kFailRound},
        /* kAwaitRound */ {kNone, kFailOpenRound | kGiveUpRounds | kFailRound},
        /* kRoundUnfit */ {kNone, kFailOpenRound | kGiveUpRounds | kFailRound},
        /* kWorkOk */ {kBetween, kPassRound},
        /* kWorkFailed */ {kNone, kGiveUpRounds | kFailRound},
        /* kLoaded */ {kWriting, kNothing},
        /* kLoadOver */ {kWriting, kNothing},
        /* kDeadline */ {kNone, kGiveUpRounds | kFailRound},
        /* kAbandoned */ {kNone, kFailOpenRound | kGiveUpRounds},
    }},
    // kAwaiting
    {{
        /* kSet */ {kBetween, kFailOpenRound | kAcceptRounds},
        /* kRound */ {kNone, kFailOpenRound | kFailRound},
        /* kLastRound */ {kNone, kFailOpenRound | kFailRound},
        /* kAwaitRound */ {kNone, kFailOpenRound | kFailRound},
        /* kRoundUnfit */ {kNone, kFailOpenRound | kFailRound},
        /* kWorkOk */ {kAwaiting, kNothing},
        /* kWorkFailed */ {kAwaiting, kNothing},
        /* kLoaded */ {kNone, kPassRound},
        /* kLoadOver */ {kNone, kFailRound},
        /* kDeadline */ {kAwaiting, kNothing},
        /* kAbandoned */ {kNone, kFailOpenRound},
    }},
};

}  // namespace

RoundsStep StepOf(RoundsState state, RoundsEvent event) {
  return kTable[static_cast<int>(state)].steps[static_cast<int>(event)];
}

absl::string_view RoundsStateName(RoundsState state) {
  constexpr absl::string_view kNames[kRoundsStates] = {
      "no rounds", "between rounds", "writing a round", "awaiting a round"};
  return kNames[static_cast<int>(state)];
}

absl::string_view RoundsEventName(RoundsEvent event) {
  constexpr absl::string_view kNames[kRoundsEvents] = {
      "SET rounds",   "ROUND",    "ROUND last",  "ROUND await",
      "ROUND unfit",  "work ok",  "work failed", "loaded",
      "load is over", "deadline", "abandoned"};
  return kNames[static_cast<int>(event)];
}

std::string RoundsActionNames(RoundsActions actions) {
  constexpr const char* kNames[] = {
      "fail open ROUND", "give up",    "start",     "accept SET",
      "hand over",       "pass ROUND", "fail ROUND"};
  std::string text;
  for (int bit = 0; bit < 7; ++bit) {
    if ((actions & (1 << bit)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[bit];
  }
  return text.empty() ? "nothing" : text;
}

bool OwesReply(RoundsState state) {
  return state == kWriting || state == kAwaiting;
}

}  // namespace devstate::vhost_user
