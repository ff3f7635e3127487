/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "devstate/backend/c/c_testing.h"
#include "devstate/devstate.h"

static void ALoadGoesThroughItsStates(void) {
  uint32_t state = DEVSTATE_UNNEGOTIATED;
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_NEGOTIATED) == 0);
  EXPECT(state == DEVSTATE_IDLE);
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_SET_LOAD) ==
         (DEVSTATE_DO_START | DEVSTATE_DO_ACCEPT_SET));
  EXPECT(state == DEVSTATE_LOADING);
  EXPECT(devstate_session_transfer_timer(state));
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_WORK_OK) == 0);
  EXPECT(state == DEVSTATE_LOADED_STATE);
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_CHECK) ==
         DEVSTATE_DO_COMMIT);
  EXPECT(state == DEVSTATE_COMMITTING);
  EXPECT(devstate_session_owes_reply(state));
  EXPECT(devstate_session_check_timer(state));
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_WORK_OK) ==
         DEVSTATE_DO_PASS_CHECK);
  EXPECT(state == DEVSTATE_IDLE);
}

static void NamesAreThoseOfTheDocument(void) {
  EXPECT(strcmp(devstate_session_state_name(DEVSTATE_CHECKING_LOAD),
                "checking load") == 0);
  EXPECT(strcmp(devstate_session_state_name(255), "") == 0);
}

static void NumbersOutsideTheTableAreRefused(void) {
  uint32_t state = DEVSTATE_IDLE;
  EXPECT(devstate_session_step(&state, 255) == DEVSTATE_EINVAL);
  EXPECT(state == DEVSTATE_IDLE);
  state = 255;
  EXPECT(devstate_session_step(&state, DEVSTATE_ON_CHECK) == DEVSTATE_EINVAL);
  EXPECT_HAS(devstate_error(), "no such state or event");
  EXPECT(!devstate_session_owes_reply(state));
}

int main(void) {
  RUN(ALoadGoesThroughItsStates);
  RUN(NamesAreThoseOfTheDocument);
  RUN(NumbersOutsideTheTableAreRefused);
  return test_failures == 0 ? 0 : 1;
}
