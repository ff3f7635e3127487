// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A long random walk of the session next to a model of it. The model has no
// states and no table: a few facts about the transfer, and what follows.

#include <cstdint>
#include <random>
#include <string>

#include "devstate/transport/vhost_user/session.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

using Event = SessionEvent;

class Model {
 public:
  int Handle(Event event) {
    int actions = 0;
    switch (event) {
      case Event::kNegotiated:
        negotiated_ = true;
        return 0;
      case Event::kRingsStopped:
        running_ = false;
        return 0;
      case Event::kNotNegotiated:
        negotiated_ = false;
        return Abandon();
      case Event::kRingsStarted:
        running_ = true;
        return Abandon();
      case Event::kDisconnected:
        negotiated_ = running_ = false;
        return Abandon();
      case Event::kSetUnfit:
        if (Allowed()) actions = Abandon();
        return actions | kRefuseSet;
      case Event::kSetSave:
      case Event::kSetSaveStored:
      case Event::kSetLoad:
      case Event::kSetLoadStored:
        if (!Allowed()) return kRefuseSet;
        actions = Abandon();
        active_ = true;
        load_ = event == Event::kSetLoad || event == Event::kSetLoadStored;
        waiting_ = event == Event::kSetLoadStored;
        working_ = !waiting_;
        owes_set_ = event == Event::kSetSaveStored;
        if (working_) actions |= kStart;
        if (!owes_set_) actions |= kAcceptSet;
        return actions;
      case Event::kCheck:
        return Check();
      case Event::kWorkOk:
        return Finish();
      case Event::kWorkFailed:
        return Fail(0);
      case Event::kDeadline:
        return Fail(kCancel);
    }
    return 0;
  }

  bool working() const { return working_; }
  bool owes() const { return owes_set_ || owes_check_; }

 private:
  bool Allowed() const { return negotiated_ && !running_; }

  void Forget() {
    active_ = load_ = waiting_ = working_ = failed_ = committing_ = false;
    owes_set_ = owes_check_ = false;
  }

  int Abandon() {
    int actions = 0;
    if (active_) {
      if (owes_set_) actions |= kFailOpenSet;
      if (owes_check_) actions |= kFailOpenCheck;
      if (working_ || waiting_) actions |= kCancel;
      if (load_ && !waiting_ && !failed_) actions |= kDiscard;
    }
    Forget();
    return actions;
  }

  int Check() {
    if (!active_) return kFailCheck;
    if (owes()) return Abandon() | kFailCheck;
    if (failed_) {
      Forget();
      return kFailCheck;
    }
    owes_check_ = true;
    if (working_) return 0;
    if (waiting_) {
      waiting_ = false;
      working_ = true;
      return kStart;
    }
    return Finish();
  }

  // The work is done, now or since long.
  int Finish() {
    if (!working_ && !owes_check_) return 0;
    working_ = false;
    if (owes_set_) {
      owes_set_ = false;
      return kAcceptSet;
    }
    if (!owes_check_) return 0;
    if (load_ && !committing_) {
      committing_ = working_ = true;
      return kCommit;
    }
    Forget();
    return kPassCheck;
  }

  int Fail(int cancel) {
    if (!working_) return 0;
    working_ = false;
    const int actions = cancel | (load_ ? kDiscard : 0);
    if (owes_set_ || owes_check_) {
      const int answer = owes_set_ ? kRefuseSet : kFailCheck;
      Forget();
      return actions | answer;
    }
    failed_ = true;
    return actions;
  }

  bool negotiated_ = false;
  bool running_ = false;
  bool active_ = false;  // a 42 was accepted, or is about to be
  bool load_ = false;
  bool waiting_ = false;  // for the data of a stored load
  bool working_ = false;
  bool failed_ = false;
  bool committing_ = false;
  bool owes_set_ = false;
  bool owes_check_ = false;
};

TEST(SessionWalkTest, MillionRandomStepsAgreeWithTheModelAndNeverWedge) {
  std::mt19937 random(20220623);
  Session session;
  Model model;
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
