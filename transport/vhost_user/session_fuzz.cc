// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each byte is an event for the session and for a model of it. Both do the
// same, every request is answered once, and whatever came before, a fresh SET
// is accepted. It is also an event of rounds, whose requests are answered once.

#include <cstddef>
#include <cstdint>
#include <string>

#include "devstate/transport/vhost_user/rounds_session.h"
#include "devstate/transport/vhost_user/session.h"
#include "devstate/transport/vhost_user/session_model.h"
#include "fuzz/promise.h"

namespace devstate::vhost_user {
namespace {

using ::devstate::fuzz::Promise;

// Counts requests and the answers to them.
class Answers {
 public:
  void Take(SessionEvent event, SessionActions actions) {
    const auto count = [actions](SessionActions which) {
      return static_cast<int>((actions & which) != 0);
    };
    const bool set =
        event >= SessionEvent::kSetSave && event <= SessionEvent::kSetUnfit;
    sets_ += static_cast<int>(set) - count(kFailOpenSet) - count(kAcceptSet) -
             count(kRefuseSet);
    checks_ += static_cast<int>(event == SessionEvent::kCheck) -
               count(kFailOpenCheck) - count(kPassCheck) - count(kFailCheck);
    if (event == SessionEvent::kDisconnected) sets_ = checks_ = 0;
  }
  int owed() const { return sets_ + checks_; }
  bool sound() const { return sets_ >= 0 && checks_ >= 0; }

 private:
  int sets_ = 0;
  int checks_ = 0;
};

void CheckFreshSet(Session session, SessionEvent set) {
  session.Handle(SessionEvent::kRingsStopped);
  session.Handle(SessionEvent::kNegotiated);
  Promise((session.Handle(set) & kAcceptSet) != 0, "a fresh SET is accepted");
}

// Takes an event of rounds, of which `owed` requests are not answered.
void TakeRounds(RoundsEvent event, RoundsSession* rounds, int* owed) {
  const RoundsActions actions = rounds->Handle(event);
  if (event <= RoundsEvent::kRoundUnfit) ++*owed;
  *owed -= __builtin_popcount(
      actions & (kFailOpenRound | kAcceptRounds | kPassRound | kFailRound));
  Promise(*owed == (OwesReply(rounds->state()) ? 1 : 0),
          "every request of rounds is answered once");
}

void Run(const uint8_t* events, size_t size) {
  Session session;
  SessionModel model;
  Answers answers;
  RoundsSession rounds;
  int owed_rounds = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto event = static_cast<SessionEvent>(events[i] % kSessionEvents);
    const SessionState before = session.state();
    const SessionActions actions = session.Handle(event);
    if (actions != static_cast<SessionActions>(model.Handle(event))) {
      Promise(false, "the session does what its model does",
              std::string(SessionStateName(before)) + " on " +
                  std::string(SessionEventName(event)) + ": " +
                  SessionActionNames(actions));
    }
    Promise((actions & (kDiscard | kCommit)) != (kDiscard | kCommit),
            "what is committed is not discarded");
    answers.Take(event, actions);
    Promise(
        answers.sound() && (answers.owed() != 0) == OwesReply(session.state()),
        "every request is answered once");
    CheckFreshSet(session, SessionEvent::kSetSave);
    CheckFreshSet(session, SessionEvent::kSetLoad);
    TakeRounds(static_cast<RoundsEvent>(events[i] % kRoundsEvents), &rounds,
               &owed_rounds);
  }
}

}  // namespace
}  // namespace devstate::vhost_user

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::vhost_user::Run(data, size);
  return 0;
}
