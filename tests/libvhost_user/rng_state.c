/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng_state.h"

#include <stdio.h>

#include "rng.devstate-c.h"

typedef struct staged_load {
  rng loaded;
  size_t sources;
} staged_load;

static int Save(void* device, devstate_writer* writer) {
  const rng* r = device;
  const test_rng_state root = {.served = r->served};
  test_source rows[RNG_SOURCES];
  const int error = test_rng_state_begin(writer, &root);
  if (error != 0) return error;
  for (size_t i = 0; i < RNG_SOURCES; i++) rows[i].seed = r->seeds[i];
  return test_rng_state_add_sources(writer, rows, RNG_SOURCES);
}

static int Batch(void* staged, const devstate_batch* batch) {
  staged_load* s = staged;
  const test_rng_state* root = test_rng_state_get(batch);
  const test_source* rows = test_rng_state_get_sources(batch);
  if (root != NULL) s->loaded.served = root->served;
  for (size_t i = 0; rows != NULL && i < batch->count; i++) {
    if (s->sources == RNG_SOURCES) return devstate_fail("too many sources");
    s->loaded.seeds[s->sources++] = rows[i].seed;
  }
  return 0;
}

static int Prepare(void* staged) {
  const staged_load* s = staged;
  if (s->sources == RNG_SOURCES) return 0;
  return devstate_fail("%zu sources, expected %d", s->sources, RNG_SOURCES);
}

static int Commit(void* device, void* staged) {
  rng* r = device;
  *r = ((staged_load*)staged)->loaded;
  printf("loaded, served %llu\n", (unsigned long long)r->served);
  fflush(stdout);
  return 0;
}

static const devstate_device_ops kOps = {.size = sizeof kOps,
                                         .save = Save,
                                         .batch = Batch,
                                         .prepare = Prepare,
                                         .report = devstate_report_to_stderr,
                                         .staged_size = sizeof(staged_load),
                                         .commit_to = Commit};

devstate_engine* rng_engine_new(rng* device) {
  return devstate_engine_new(&test_rng_state_schema, &kOps, device, NULL, NULL);
}
