/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The recipe of docs/integration.md for DPDK as a whole application: an entropy
 * device whose state moves, on lib/vhost as it is. What hands out the entropy
 * is left out: new_device() and destroy_device() would start and stop it. */
#define _GNU_SOURCE
#define ALLOW_EXPERIMENTAL_API /* as two functions are marked in 22.11 */
#include <rte_eal.h>
#include <rte_version.h>
#include <rte_vhost.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rng_state.h"

/* What the handlers get is struct vhu_msg_context, which is not installed: a
 * message, `int fds[8]`, `int fd_num`, without padding. */
enum { MAX_FDS = 8 };

typedef struct message {
  uint32_t request, flags, size;
  uint8_t payload[8]; /* the rest is of no use here */
} message;

/* Where `fds` lie, in the library that runs: 24.11 and 25.03 differ, and a
 * program that was compiled with one runs on the other. 0: not known. */
static size_t fds_offset(void) {
  const unsigned release = rte_version_year() * 100 + rte_version_month();
  if (release >= 2211 && release <= 2411) return 644;
  if (release >= 2503 && release <= 2607) return 1084;
  return 0;
}

static rng device = {.seeds = {11, 12, 13}};
/* Of the newest connection. All that follows runs on the library's one event
 * thread. */
static devstate_engine* engine;
static int owner = -1;

/* Sees each message before the library does. */
static enum rte_vhost_msg_result before(int vid, void* context) {
  message* m = context;
  uint8_t* const fds_at = (uint8_t*)context + fds_offset();
  int fds[MAX_FDS], fd_count;
  devstate_reply reply;
  memcpy(fds, fds_at, sizeof fds);
  memcpy(&fd_count, fds_at + sizeof fds, sizeof fd_count);
  /* What is not handled the library does, or refuses and closes. */
  if (vid != owner ||
      !devstate_engine_request(engine, m->request, m->payload, m->size, fds,
                               (size_t)fd_count, -1)) {
    return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
  }
  /* Here, because nothing gives the socket of a connection, and the library
   * acknowledges NEED_REPLY by itself if there is no reply. */
  devstate_engine_wait(engine);
  if (devstate_engine_take_reply(engine, &reply) != 1) {
    return RTE_VHOST_MSG_RESULT_ERR;
  }
  memcpy(m->payload, &reply.value, sizeof reply.value);
  m->size = sizeof reply.value;
  /* Otherwise the descriptor that came goes back. */
  memset(fds_at + sizeof fds, 0, sizeof fd_count);
  return RTE_VHOST_MSG_RESULT_REPLY;
}

static const struct rte_vhost_user_extern_ops hooks = {.pre_msg_handle =
                                                           before};

static int new_connection(int vid) {
  /* The library may see this before it sees that the last one is gone. */
  devstate_engine_free(engine);
  engine = rng_engine_new(&device);
  owner = vid;
  if (engine == NULL) fprintf(stderr, "%s\n", devstate_error());
  if (engine == NULL) return -1;
  return rte_vhost_extern_callback_register(vid, &hooks, NULL);
}

static void destroy_connection(int vid) {
  if (vid != owner) return;
  devstate_engine_free(engine); /* and forgets what was not committed */
  engine = NULL;
  owner = -1;
}

static const struct rte_vhost_device_ops ops = {
    .new_connection = new_connection,
    .destroy_connection = destroy_connection,
};

static int serve(const char* path) {
  /* VHOST_F_LOG_ALL, VHOST_USER_F_PROTOCOL_FEATURES, VIRTIO_F_VERSION_1. */
  const uint64_t features = 1ull << 26 | 1ull << 30 | 1ull << 32;
  const uint64_t protocol_features = 1ull << VHOST_USER_PROTOCOL_F_MQ |
                                     1ull << VHOST_USER_PROTOCOL_F_LOG_SHMFD |
                                     1ull << VHOST_USER_PROTOCOL_F_REPLY_ACK |
                                     1ull << DEVSTATE_PROTOCOL_FEATURE;
  if (rte_vhost_driver_register(path, 0) != 0) return 1;
  if (rte_vhost_driver_set_features(path, features) != 0) return 1;
  if (rte_vhost_driver_set_protocol_features(path, protocol_features) != 0) {
    return 1;
  }
  if (rte_vhost_driver_callback_register(path, &ops) != 0) return 1;
  return rte_vhost_driver_start(path);
}

int main(int argc, char** argv) {
  static const char flag[] = "--socket-path=";
  /* Neither huge pages nor devices: the state needs none. */
  char* eal[] = {argv[0],
                 "--no-huge",
                 "--no-shconf",
                 "--no-pci",
                 "--no-telemetry",
                 "--log-level=lib.*:error",
                 "-m",
                 "64",
                 NULL};
  sigset_t ends;
  int signal;
  if (argc < 2 || strncmp(argv[1], flag, sizeof flag - 1) != 0) return 2;
  if (argc > 2) device.served = strtoull(argv[2], NULL, 0);
  if (fds_offset() == 0) {
    fprintf(stderr,
            "%s: the descriptors of a message lie elsewhere; look at struct "
            "vhu_msg_context in lib/vhost/vhost_user.h\n",
            rte_version());
    return 1;
  }
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, NULL); /* in all threads that follow */
  if (rte_eal_init(sizeof eal / sizeof *eal - 1, eal) < 0) return 1;
  if (serve(argv[1] + sizeof flag - 1) != 0) {
    perror(argv[1]);
    return 1;
  }
  puts("listening");
  fflush(stdout);
  sigwait(&ends, &signal);
  rte_vhost_driver_unregister(argv[1] + sizeof flag - 1);
  return rte_eal_cleanup();
}
