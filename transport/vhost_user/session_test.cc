// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/session.h"

#include <cctype>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

namespace devstate::vhost_user {

void PrintTo(SessionState state, std::ostream* out) {
  *out << std::string(SessionStateName(state));
}

namespace {

using State = SessionState;
using Event = SessionEvent;

// What session.md's four rules say about a pair, written apart from the table:
// the table lists cells, this derives them.
struct Expected {
  State next;
  int actions;
};

bool Negotiated(State state) {
  return state != State::kUnnegotiated && state != State::kUnnegotiatedRunning;
}
bool Running(State state) {
  return state == State::kUnnegotiatedRunning || state == State::kRunning;
}
bool HasTransfer(State state) {
  return Negotiated(state) && state > State::kIdle;
}
State Resting(bool negotiated, bool running) {
  if (negotiated) return running ? State::kRunning : State::kIdle;
  return running ? State::kUnnegotiatedRunning : State::kUnnegotiated;
}

bool OneOf(State state, std::vector<State> states) {
  for (const State other : states) {
    if (state == other) return true;
  }
  return false;
}

bool WorkUnderWay(State state) {
  return OneOf(
      state, {State::kPreparing, State::kSaving, State::kLoading,
              State::kCheckingSave, State::kCheckingLoad, State::kCommitting});
}
bool SomethingStaged(State state) {
  return OneOf(state, {State::kLoading, State::kLoaded, State::kCheckingLoad,
                       State::kCommitting});
}

// Rule 2: what is owed fails, what runs is cancelled, what is staged goes.
int Abandon(State state) {
  int actions = 0;
  if (state == State::kPreparing) actions |= kFailOpenSet;
  if (OneOf(state,
            {State::kCheckingSave, State::kCheckingLoad, State::kCommitting})) {
    actions |= kFailOpenCheck;
  }
  if (WorkUnderWay(state) || state == State::kAwaitingData) actions |= kCancel;
  if (SomethingStaged(state)) actions |= kDiscard;
  return actions;
}

Expected ExpectSet(State state, Event event) {
  const int abandon = HasTransfer(state) ? Abandon(state) : 0;
  if (!Negotiated(state) || Running(state)) return {state, kRefuseSet};
  switch (event) {
    case Event::kSetSave:
      return {State::kSaving, abandon | kStart | kAcceptSet};
    case Event::kSetSaveStored:
      return {State::kPreparing, abandon | kStart};
    case Event::kSetLoad:
      return {State::kLoading, abandon | kStart | kAcceptSet};
    case Event::kSetLoadStored:
      return {State::kAwaitingData, abandon | kAcceptSet};
    default:
      return {State::kIdle, abandon | kRefuseSet};
  }
}

Expected ExpectCheck(State state) {
  switch (state) {
    case State::kSaving:
      return {State::kCheckingSave, 0};
    case State::kLoading:
      return {State::kCheckingLoad, 0};
    case State::kAwaitingData:
      return {State::kCheckingLoad, kStart};
    case State::kSaved:
      return {State::kIdle, kPassCheck};
    case State::kLoaded:
      return {State::kCommitting, kCommit};
    case State::kFailed:
      return {State::kIdle, kFailCheck};
    default:
      if (!HasTransfer(state)) return {state, kFailCheck};
      return {State::kIdle, Abandon(state) | kFailCheck};
  }
}

Expected ExpectWorkOk(State state) {
  switch (state) {
    case State::kPreparing:
      return {State::kSaved, kAcceptSet};
    case State::kSaving:
      return {State::kSaved, 0};
    case State::kLoading:
      return {State::kLoaded, 0};
    case State::kCheckingLoad:
      return {State::kCommitting, kCommit};
    case State::kCheckingSave:
    case State::kCommitting:
      return {State::kIdle, kPassCheck};
    default:
      return {state, 0};
  }
}

// By failure of the work or by the deadline.
Expected ExpectFailure(State state, int cancel) {
  if (!WorkUnderWay(state)) return {state, 0};
  const int discard = SomethingStaged(state) ? kDiscard : 0;
  if (state == State::kPreparing) return {State::kIdle, cancel | kRefuseSet};
  if (OwesReply(state)) return {State::kIdle, cancel | discard | kFailCheck};
  return {State::kFailed, cancel | discard};
}

Expected Expect(State state, Event event) {
  const int abandon = HasTransfer(state) ? Abandon(state) : 0;
  switch (event) {
    case Event::kNegotiated:
      if (HasTransfer(state)) return {state, 0};
      return {Resting(true, Running(state)), 0};
    case Event::kNotNegotiated:
      return {Resting(false, Running(state)), abandon};
    case Event::kRingsStarted:
      return {Resting(Negotiated(state), true), abandon};
    case Event::kRingsStopped:
      if (HasTransfer(state)) return {state, 0};
      return {Resting(Negotiated(state), false), 0};
    case Event::kSetSave:
    case Event::kSetSaveStored:
    case Event::kSetLoad:
    case Event::kSetLoadStored:
    case Event::kSetUnfit:
      return ExpectSet(state, event);
    case Event::kWorkOk:
      return ExpectWorkOk(state);
    case Event::kWorkFailed:
      return ExpectFailure(state, 0);
    case Event::kCheck:
      return ExpectCheck(state);
    case Event::kDeadline:
      return ExpectFailure(state, kCancel);
    case Event::kDisconnected:
      return {State::kUnnegotiated, abandon};
  }
  return {state, 0};
}

class SessionPairTest : public ::testing::TestWithParam<std::tuple<int, int>> {
};

TEST_P(SessionPairTest, StepsAsTheRulesSay) {
  const State state = static_cast<State>(std::get<0>(GetParam()));
  const Event event = static_cast<Event>(std::get<1>(GetParam()));
  const SessionStep step = StepOf(state, event);
  const Expected expected = Expect(state, event);
  EXPECT_EQ(step.next, expected.next);
  EXPECT_EQ(SessionActionNames(step.actions),
            SessionActionNames(static_cast<SessionActions>(expected.actions)));
}

std::string PairName(
    const ::testing::TestParamInfo<std::tuple<int, int>>& info) {
  std::string name(
      SessionStateName(static_cast<State>(std::get<0>(info.param))));
  name += "_on_";
  name += std::string(
      SessionEventName(static_cast<Event>(std::get<1>(info.param))));
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(AllPairs, SessionPairTest,
                         ::testing::Combine(::testing::Range(0, kSessionStates),
                                            ::testing::Range(0,
                                                             kSessionEvents)),
                         PairName);

// Feeds `events` to a fresh session and returns the last one's actions.
SessionActions FeedAll(Session& session, std::vector<Event> events) {
  SessionActions actions = 0;
  for (const Event event : events) actions = session.Handle(event);
  return actions;
}

TEST(SessionTest, TransferWithoutTheFeatureBitIsRefused) {
  Session session;
  EXPECT_EQ(session.Handle(Event::kSetSave), kRefuseSet);
  EXPECT_EQ(session.Handle(Event::kCheck), kFailCheck);
}

TEST(SessionTest, TransferWhileRingsRunIsRefused) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kRingsStarted,
                              Event::kSetSave}),
            kRefuseSet);
  EXPECT_EQ(FeedAll(session, {Event::kRingsStopped, Event::kSetSave}),
            kStart | kAcceptSet);
}

TEST(SessionTest, CheckWithoutTransferIsRefused) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kCheck}), kFailCheck);
}

TEST(SessionTest, SecondCheckIsRefused) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kSetSave,
                              Event::kWorkOk, Event::kCheck}),
            kPassCheck);
  EXPECT_EQ(session.Handle(Event::kCheck), kFailCheck);
}

TEST(SessionTest, CheckWaitsForTheWorker) {
  Session session;
  EXPECT_EQ(
      FeedAll(session, {Event::kNegotiated, Event::kSetSave, Event::kCheck}),
      0);
  EXPECT_TRUE(OwesReply(session.state()));
  EXPECT_EQ(session.Handle(Event::kWorkOk), kPassCheck);
}

TEST(SessionTest, LoadIsCommittedAtCheckAndNotBefore) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kSetLoad}),
            kStart | kAcceptSet);
  EXPECT_EQ(session.Handle(Event::kWorkOk), 0);
  EXPECT_EQ(session.Handle(Event::kCheck), kCommit);
  EXPECT_EQ(session.Handle(Event::kWorkOk), kPassCheck);
}

TEST(SessionTest, StoredLoadIsReadAtCheck) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kSetLoadStored}),
            kAcceptSet);
  EXPECT_EQ(session.Handle(Event::kCheck), kStart);
  EXPECT_EQ(session.Handle(Event::kWorkOk), kCommit);
}

TEST(SessionTest, StoredSaveIsAnsweredWhenComplete) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kSetSaveStored}),
            kStart);
  EXPECT_TRUE(OwesReply(session.state()));
  EXPECT_EQ(session.Handle(Event::kWorkOk), kAcceptSet);
}

TEST(SessionTest, NewerSetSupersedesAnAbandonedLoad) {
  Session session;
  EXPECT_EQ(
      FeedAll(session, {Event::kNegotiated, Event::kSetLoad, Event::kSetSave}),
      kCancel | kDiscard | kStart | kAcceptSet);
  EXPECT_EQ(session.state(), State::kSaving);
}

TEST(SessionTest, StartedRingAbandonsTheTransfer) {
  Session session;
  EXPECT_EQ(FeedAll(session, {Event::kNegotiated, Event::kSetLoad,
                              Event::kWorkOk, Event::kRingsStarted}),
            kDiscard);
  EXPECT_EQ(session.state(), State::kRunning);
}

TEST(SessionTest, EveryStateReachesAFreshTransfer) {
  for (int i = 0; i < kSessionStates; ++i) {
    State state = static_cast<State>(i);
    // What any front-end can do: stop its rings, negotiate, and send 42.
    state = StepOf(state, Event::kRingsStopped).next;
    state = StepOf(state, Event::kNegotiated).next;
    for (const Event set : {Event::kSetSave, Event::kSetLoad}) {
      EXPECT_NE(StepOf(state, set).actions & kAcceptSet, 0)
          << SessionStateName(static_cast<State>(i));
    }
  }
}

TEST(SessionTest, EveryRequestIsAnsweredOnce) {
  // Along every edge: replies given = replies owed before + requests in this
  // event - replies owed after.
  constexpr int kReplies = kFailOpenSet | kFailOpenCheck | kAcceptSet |
                           kRefuseSet | kPassCheck | kFailCheck;
  for (int i = 0; i < kSessionStates; ++i) {
    for (int j = 0; j < kSessionEvents; ++j) {
      const State state = static_cast<State>(i);
      const Event event = static_cast<Event>(j);
      const SessionStep step = StepOf(state, event);
      const bool request =
          (event >= Event::kSetSave && event <= Event::kSetUnfit) ||
          event == Event::kCheck;
      const int given = __builtin_popcount(step.actions & kReplies);
      EXPECT_EQ(given, OwesReply(state) + request - OwesReply(step.next))
          << SessionStateName(state) << " on " << SessionEventName(event);
    }
  }
}

}  // namespace
}  // namespace devstate::vhost_user
