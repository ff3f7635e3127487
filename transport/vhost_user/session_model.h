// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_SESSION_MODEL_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_SESSION_MODEL_H_

#include "devstate/transport/vhost_user/session.h"

namespace devstate::vhost_user {

// What the session does, without states and without its table: a few facts
// about the transfer, and what follows.
class SessionModel {
 public:
  int Handle(SessionEvent event) {
    int actions = 0;
    switch (event) {
      case SessionEvent::kNegotiated:
        negotiated_ = true;
        return 0;
      case SessionEvent::kRingsStopped:
        running_ = false;
        return 0;
      case SessionEvent::kNotNegotiated:
        negotiated_ = false;
        return Abandon();
      case SessionEvent::kRingsStarted:
        running_ = true;
        return Abandon();
      case SessionEvent::kDisconnected:
        negotiated_ = running_ = false;
        return Abandon();
      case SessionEvent::kSetUnfit:
        if (Allowed()) actions = Abandon();
        return actions | kRefuseSet;
      case SessionEvent::kSetSave:
      case SessionEvent::kSetSaveStored:
      case SessionEvent::kSetLoad:
      case SessionEvent::kSetLoadStored:
        if (!Allowed()) return kRefuseSet;
        actions = Abandon();
        active_ = true;
        load_ = event == SessionEvent::kSetLoad ||
                event == SessionEvent::kSetLoadStored;
        waiting_ = event == SessionEvent::kSetLoadStored;
        working_ = !waiting_;
        owes_set_ = event == SessionEvent::kSetSaveStored;
        if (working_) actions |= kStart;
        if (!owes_set_) actions |= kAcceptSet;
        return actions;
      case SessionEvent::kCheck:
        return Check();
      case SessionEvent::kWorkOk:
        return Finish();
      case SessionEvent::kWorkFailed:
        return Fail(0);
      case SessionEvent::kDeadline:
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

  // The work is done, now or before.
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
  bool active_ = false;  // SET_DEVICE_STATE_FD was accepted, or will be
  bool load_ = false;
  bool waiting_ = false;  // for the data of a stored load
  bool working_ = false;
  bool failed_ = false;
  bool committing_ = false;
  bool owes_set_ = false;
  bool owes_check_ = false;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_SESSION_MODEL_H_
