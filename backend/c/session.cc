// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/session.h"

#include "devstate/backend/c/error.h"
#include "devstate/devstate.h"

namespace {

using ::devstate::vhost_user::SessionEvent;
using ::devstate::vhost_user::SessionState;

// The two headers count alike: their ends and their number say so.
static_assert(DEVSTATE_COMMITTING ==
              static_cast<int>(SessionState::kCommitting));
static_assert(DEVSTATE_COMMITTING + 1 ==
              ::devstate::vhost_user::kSessionStates);
static_assert(DEVSTATE_FAILED == static_cast<int>(SessionState::kFailed));
static_assert(DEVSTATE_ON_DISCONNECTED ==
              static_cast<int>(SessionEvent::kDisconnected));
static_assert(DEVSTATE_ON_DISCONNECTED + 1 ==
              ::devstate::vhost_user::kSessionEvents);
static_assert(DEVSTATE_ON_WORK_OK == static_cast<int>(SessionEvent::kWorkOk));
static_assert(DEVSTATE_DO_FAIL_OPEN_SET ==
              int{::devstate::vhost_user::kFailOpenSet});
static_assert(DEVSTATE_DO_START == int{::devstate::vhost_user::kStart});
static_assert(DEVSTATE_DO_FAIL_CHECK ==
              int{::devstate::vhost_user::kFailCheck});

bool IsState(uint32_t state) {
  return state < static_cast<uint32_t>(::devstate::vhost_user::kSessionStates);
}

SessionState ToState(uint32_t state) {
  return static_cast<SessionState>(state);
}

}  // namespace

int devstate_session_step(uint32_t* state, uint32_t event) {
  if (!IsState(*state) ||
      event >= static_cast<uint32_t>(::devstate::vhost_user::kSessionEvents)) {
    return ::devstate::c::Report(absl::InvalidArgumentError(
        "devstate_session_step(): no such state or event"));
  }
  const ::devstate::vhost_user::SessionStep step =
      StepOf(ToState(*state), static_cast<SessionEvent>(event));
  *state = static_cast<uint32_t>(step.next);
  return step.actions;
}

const char* devstate_session_state_name(uint32_t state) {
  // The names are literals.
  return IsState(state) ? SessionStateName(ToState(state)).data() : "";
}

bool devstate_session_owes_reply(uint32_t state) {
  return IsState(state) && OwesReply(ToState(state));
}

bool devstate_session_transfer_timer(uint32_t state) {
  return IsState(state) && HasTransferDeadline(ToState(state));
}

bool devstate_session_check_timer(uint32_t state) {
  return IsState(state) && HasCheckDeadline(ToState(state));
}
