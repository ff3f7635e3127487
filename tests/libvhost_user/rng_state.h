/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVSTATE_TESTS_LIBVHOST_USER_RNG_STATE_H_
#define DEVSTATE_TESTS_LIBVHOST_USER_RNG_STATE_H_

#include "devstate/devstate.h"

enum { RNG_SOURCES = 3 };

typedef struct rng {
  uint64_t served;
  uint64_t seeds[RNG_SOURCES];
} rng;

/* An engine that moves the state of `device`, which outlives it. */
devstate_engine* rng_engine_new(rng* device);

#endif /* DEVSTATE_TESTS_LIBVHOST_USER_RNG_STATE_H_ */
