/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A device in C whose state is a stream of devices.fs.v1: it writes what was
 * last loaded into it, record by record. */
#ifndef DEVSTATE_TESTS_C_ECHO_DEVICE_H_
#define DEVSTATE_TESTS_C_ECHO_DEVICE_H_

#include "devstate/devstate.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct echo_bytes {
  char* data;
  size_t size;
  size_t read; /* so far */
} echo_bytes;

typedef struct echo_device {
  echo_bytes state;
  /* What the next call of that function fails with, or NULL. */
  const char *refuse_stage, *refuse_batch, *refuse_prepare, *refuse_commit;
  /* Of the last report. */
  devstate_report last;
  char rule[64], line[1024];
  int staged, unstaged;
} echo_device;

extern const devstate_device_ops echo_device_ops;

/* Forgets the state. */
void echo_device_clear(echo_device* device);

#ifdef __cplusplus
}
#endif

#endif /* DEVSTATE_TESTS_C_ECHO_DEVICE_H_ */
