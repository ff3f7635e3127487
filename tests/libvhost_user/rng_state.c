/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "rng.devstate-c.h"

typedef struct staged_load {
  rng* device;
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

static int Stage(void* device, void** staged) {
  staged_load* s = calloc(1, sizeof *s);
  if (s == NULL) return devstate_fail("no memory for a load");
  s->device = device;
  *staged = s;
  return 0;
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

static int Commit(void* staged) {
  staged_load* s = staged;
  *s->device = s->loaded;
  printf("loaded, served %llu\n", (unsigned long long)s->loaded.served);
  fflush(stdout);
  return 0;
}

static void Report(void* device, const devstate_report* report) {
  (void)device;
  if (report->code != 0) fprintf(stderr, "%s\n", report->text);
}

static const devstate_device_ops kOps = {
    sizeof kOps, Save, Stage, Batch, Prepare, Commit, free, Report, NULL};

devstate_engine* rng_engine_new(rng* device) {
  return devstate_engine_new(&test_rng_state_schema, &kOps, device, NULL, NULL);
}
