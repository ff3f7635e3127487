/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * devstate.h compiles as C99 and says all that it uses. */
#include "devstate/devstate.h"

int main(void) {
  const devstate_bytes_ops ops = {.size = sizeof ops};
  return ops.size == sizeof(devstate_bytes_ops) ? 0 : 1;
}
