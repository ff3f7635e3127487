// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A long random walk of the session next to a model of it.

#include <cstdint>
#include <random>
#include <string>

#include "devstate/transport/vhost_user/session.h"
#include "devstate/transport/vhost_user/session_model.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using Event = SessionEvent;

TEST(SessionWalkTest, MillionRandomStepsAgreeWithTheModelAndNeverWedge) {
  std::mt19937 random(20220623);
  Session session;
  SessionModel model;
  int64_t accepted = 0;
  int64_t committed = 0;
  for (int step = 0; step < 1000000; ++step) {
    Event event = static_cast<Event>(random() % kSessionEvents);
    // Loads need three things in a row to be committed.
    if (random() % 2 == 0) {
      event = random() % 2 == 0 ? Event::kWorkOk : Event::kCheck;
    }
    // Rarely, or every transfer would be cut short.
    if ((event == Event::kDisconnected || event == Event::kNotNegotiated ||
         event == Event::kRingsStarted) &&
        random() % 8 != 0) {
      event = random() % 2 == 0 ? Event::kNegotiated : Event::kRingsStopped;
    }
    const SessionState before = session.state();
    const SessionActions actions = session.Handle(event);
    ASSERT_EQ(
        SessionActionNames(actions),
        SessionActionNames(static_cast<SessionActions>(model.Handle(event))))
        << "step " << step << ": " << SessionStateName(before) << " on "
        << SessionEventName(event);
    ASSERT_EQ(OwesReply(session.state()), model.owes());
    ASSERT_EQ(HasTransferDeadline(session.state()) ||
                  HasCheckDeadline(session.state()),
              model.working());
    accepted += (actions & kAcceptSet) != 0;
    committed += (actions & kCommit) != 0;
    if (step % 100 == 0) {
      // Whatever the history: stop the rings, negotiate, and 42 is accepted.
      Session copy = session;
      copy.Handle(Event::kRingsStopped);
      copy.Handle(Event::kNegotiated);
      const Event set = random() % 2 == 0 ? Event::kSetSave : Event::kSetLoad;
      ASSERT_NE(copy.Handle(set) & kAcceptSet, 0);
      ASSERT_NE(copy.Handle(Event::kWorkOk) | copy.Handle(Event::kCheck), 0);
    }
  }
  // The walk went everywhere, not just around idle.
  EXPECT_GT(accepted, 100000);
  EXPECT_GT(committed, 10000);
}

}  // namespace
}  // namespace devstate::vhost_user
