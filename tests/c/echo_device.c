/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "tests/c/echo_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/fs/v1/fs.devstate-c.h"

typedef struct stage {
  echo_device* device;
  echo_bytes bytes;
  devstate_writer* writer;
} stage;

static int Append(void* context, const void* data, size_t size) {
  echo_bytes* bytes = context;
  char* grown = realloc(bytes->data, bytes->size + size);
  if (grown == NULL) return devstate_fail("out of memory");
  memcpy(grown + bytes->size, data, size);
  bytes->data = grown;
  bytes->size += size;
  return 0;
}
static ptrdiff_t Take(void* context, void* data, size_t size) {
  echo_bytes* bytes = context;
  if (size > bytes->size - bytes->read) size = bytes->size - bytes->read;
  memcpy(data, bytes->data + bytes->read, size);
  bytes->read += size;
  return (ptrdiff_t)size;
}

static int Copy(const devstate_batch* batch, devstate_writer* writer) {
  const devices_fs_v1_fs_state* root = devices_fs_v1_fs_state_get(batch);
  if (root != NULL) return devices_fs_v1_fs_state_begin(writer, root);
  return devstate_writer_add(writer, batch->number, batch->rows, batch->count,
                             batch->row_size);
}

static int Save(void* context, devstate_writer* writer) {
  echo_device* device = context;
  const devstate_batch* batch;
  devstate_reader* reader;
  int more;
  device->state.read = 0;
  reader = devstate_reader_open(&devices_fs_v1_fs_state_schema, Take,
                                &device->state, NULL);
  if (reader == NULL) return devstate_error_code();
  while ((more = devstate_reader_next(reader, &batch)) == 1) {
    if ((more = Copy(batch, writer)) != 0) break;
  }
  devstate_reader_free(reader);
  return more;
}

static int Stage(void* context, void** staged) {
  echo_device* device = context;
  stage* made;
  if (device->refuse_stage != NULL) {
    return devstate_fail("%s", device->refuse_stage);
  }
  made = calloc(1, sizeof *made);
  if (made == NULL) return devstate_fail("out of memory");
  made->device = device;
  made->writer = devstate_writer_open(&devices_fs_v1_fs_state_schema, Append,
                                      &made->bytes, NULL);
  ++device->staged;
  *staged = made;
  return 0;
}
static int Batch(void* staged, const devstate_batch* batch) {
  stage* s = staged;
  if (s->device->refuse_batch != NULL) {
    return devstate_fail("%s", s->device->refuse_batch);
  }
  return Copy(batch, s->writer);
}
static int Prepare(void* staged) {
  stage* s = staged;
  if (s->device->refuse_prepare != NULL) {
    return devstate_fail("%s", s->device->refuse_prepare);
  }
  return devstate_writer_finish(s->writer);
}
static int Commit(void* staged) {
  stage* s = staged;
  if (s->device->refuse_commit != NULL) {
    return devstate_fail("%s", s->device->refuse_commit);
  }
  echo_device_clear(s->device);
  s->device->state = s->bytes;
  memset(&s->bytes, 0, sizeof s->bytes);
  return 0;
}
static void Unstage(void* staged) {
  stage* s = staged;
  ++s->device->unstaged;
  devstate_writer_free(s->writer);
  free(s->bytes.data);
  free(s);
}

static void Report(void* context, const devstate_report* report) {
  echo_device* device = context;
  device->last = *report;
  snprintf(device->rule, sizeof device->rule, "%s", report->rule);
  snprintf(device->line, sizeof device->line, "%s", report->line);
}

const devstate_device_ops echo_device_ops = {.size = sizeof echo_device_ops,
                                             .save = Save,
                                             .stage = Stage,
                                             .batch = Batch,
                                             .prepare = Prepare,
                                             .commit = Commit,
                                             .unstage = Unstage,
                                             .report = Report};

void echo_device_clear(echo_device* device) {
  free(device->state.data);
  memset(&device->state, 0, sizeof device->state);
}
