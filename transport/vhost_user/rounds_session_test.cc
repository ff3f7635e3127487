// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/rounds_session.h"

#include <cctype>
#include <string>
#include <tuple>

#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using State = RoundsState;
using Event = RoundsEvent;

bool IsRound(Event event) {
  return event >= Event::kRound && event <= Event::kRoundUnfit;
}
bool SavesInRounds(State state) {
  return state == State::kBetween || state == State::kWriting;
}

struct Expected {
  State next;
  int actions;
};

// What ends everything that is under way.
int GiveUp(State state) {
  return (OwesReply(state) ? kFailOpenRound : 0) |
         (SavesInRounds(state) ? kGiveUpRounds : 0);
}

Expected ExpectRound(State state, Event event) {
  // The protocol has one request at a time.
  if (OwesReply(state)) return {State::kNone, GiveUp(state) | kFailRound};
  if (state == State::kBetween && event == Event::kRound) {
    return {State::kWriting, kStartRound};
  }
  if (state == State::kBetween && event == Event::kLastRound) {
    return {State::kNone, kHandOver | kPassRound};
  }
  if (state == State::kNone && event == Event::kAwaitRound) {
    return {State::kAwaiting, 0};
  }
  return {state, kFailRound};
}

// The rules of docs/session.md, written apart from the table.
Expected Expect(State state, Event event) {
  if (event == Event::kSet) {
    return {State::kBetween, GiveUp(state) | kAcceptRounds};
  }
  if (event == Event::kAbandoned) return {State::kNone, GiveUp(state)};
  if (IsRound(event)) return ExpectRound(state, event);
  if (state == State::kWriting) {
    if (event == Event::kWorkOk) return {State::kBetween, kPassRound};
    if (event == Event::kWorkFailed || event == Event::kDeadline) {
      return {State::kNone, kGiveUpRounds | kFailRound};
    }
  }
  if (state == State::kAwaiting) {
    if (event == Event::kLoaded) return {State::kNone, kPassRound};
    if (event == Event::kLoadOver) return {State::kNone, kFailRound};
  }
  return {state, 0};
}

class RoundsPairTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(RoundsPairTest, StepsAsTheRulesSay) {
  const auto state = static_cast<State>(std::get<0>(GetParam()));
  const auto event = static_cast<Event>(std::get<1>(GetParam()));
  const RoundsStep step = StepOf(state, event);
  const Expected expected = Expect(state, event);
  EXPECT_EQ(RoundsStateName(step.next), RoundsStateName(expected.next));
  EXPECT_EQ(RoundsActionNames(step.actions),
            RoundsActionNames(static_cast<RoundsActions>(expected.actions)));
}

std::string PairName(
    const ::testing::TestParamInfo<std::tuple<int, int>>& info) {
  std::string name(
      RoundsStateName(static_cast<State>(std::get<0>(info.param))));
  name += "_on_";
  name +=
      std::string(RoundsEventName(static_cast<Event>(std::get<1>(info.param))));
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(AllPairs, RoundsPairTest,
                         ::testing::Combine(::testing::Range(0, kRoundsStates),
                                            ::testing::Range(0, kRoundsEvents)),
                         PairName);

TEST(RoundsSessionTest, EveryRequestIsAnsweredOnce) {
  constexpr int kReplies =
      kFailOpenRound | kAcceptRounds | kPassRound | kFailRound;
  for (int i = 0; i < kRoundsStates; ++i) {
    for (int j = 0; j < kRoundsEvents; ++j) {
      const auto state = static_cast<State>(i);
      const auto event = static_cast<Event>(j);
      const RoundsStep step = StepOf(state, event);
      const int requests = event == Event::kSet || IsRound(event) ? 1 : 0;
      EXPECT_EQ(__builtin_popcount(step.actions & kReplies),
                OwesReply(state) + requests - OwesReply(step.next))
          << RoundsStateName(state) << " on " << RoundsEventName(event);
    }
  }
}

TEST(RoundsSessionTest, EveryStateTakesAFreshSave) {
  for (int i = 0; i < kRoundsStates; ++i) {
    const RoundsStep step = StepOf(static_cast<State>(i), Event::kSet);
    EXPECT_EQ(RoundsStateName(step.next), "between rounds");
    EXPECT_NE(step.actions & kAcceptRounds, 0);
  }
}

TEST(RoundsSessionTest, WhatIsUnderWayIsGivenUpOrHandedOver) {
  for (int i = 0; i < kRoundsStates; ++i) {
    for (int j = 0; j < kRoundsEvents; ++j) {
      const auto state = static_cast<State>(i);
      const auto event = static_cast<Event>(j);
      const RoundsStep step = StepOf(state, event);
      const bool ends = SavesInRounds(state) &&
                        (!SavesInRounds(step.next) || event == Event::kSet);
      EXPECT_EQ((step.actions & (kGiveUpRounds | kHandOver)) != 0, ends)
          << RoundsStateName(state) << " on " << RoundsEventName(event);
    }
  }
}

}  // namespace
}  // namespace devstate::vhost_user
