/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The recipe of docs/integration.md for libvhost-user as a whole device:
 * entropy, whose state moves. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libvhost-user.h"
#include "rng_state.h"

/* One queue would do. QEMU moves no state of an entropy device, and the device
 * that it takes this one for has two. */
enum { QUEUES = 2, WATCHES = 8 };

typedef struct connection {
  VuDev vu; /* first: libvhost-user hands it back */
  rng* device;
  devstate_engine* engine;
  struct {
    int fd;
    vu_watch_cb callback;
    void* data;
  } watches[WATCHES];
  int sent_fd;
  bool gone;
} connection;

static void Panic(VuDev* vu, const char* error) {
  fprintf(stderr, "panic: %s\n", error);
  ((connection*)vu)->gone = true;
}

static void SetWatch(VuDev* vu, int fd, int condition, vu_watch_cb callback,
                     void* data) {
  connection* c = (connection*)vu;
  (void)condition;
  for (int i = 0; i < WATCHES; i++) {
    if (c->watches[i].fd >= 0) continue;
    c->watches[i].fd = fd;
    c->watches[i].callback = callback;
    c->watches[i].data = data;
    return;
  }
}

static void RemoveWatch(VuDev* vu, int fd) {
  connection* c = (connection*)vu;
  for (int i = 0; i < WATCHES; i++) {
    if (c->watches[i].fd == fd) c->watches[i].fd = -1;
  }
}

static void Serve(VuDev* vu, int index) {
  connection* c = (connection*)vu;
  VuVirtq* queue = vu_get_queue(vu, index);
  VuVirtqElement* element;
  while ((element = vu_queue_pop(vu, queue, sizeof *element)) != NULL) {
    unsigned written = 0;
    for (unsigned i = 0; i < element->in_num; i++) {
      memset(element->in_sg[i].iov_base, (int)c->device->seeds[0],
             element->in_sg[i].iov_len);
      written += (unsigned)element->in_sg[i].iov_len;
    }
    c->device->served += written;
    vu_queue_push(vu, queue, element, written);
    free(element);
  }
  vu_queue_notify(vu, queue);
}

static void QueueSetStarted(VuDev* vu, int index, bool started) {
  vu_set_queue_handler(vu, vu_get_queue(vu, index), started ? Serve : NULL);
}

static uint64_t GetProtocolFeatures(VuDev* vu) {
  (void)vu;
  return 1ull << DEVSTATE_PROTOCOL_FEATURE;
}

/* Sees each message before the library; 1: it is done with. */
static int ProcessMessage(VuDev* vu, VhostUserMsg* message, int* do_reply) {
  connection* c = (connection*)vu;
  devstate_reply reply;
  int fds[VHOST_MEMORY_BASELINE_NREGIONS]; /* the message is packed */
  memcpy(fds, message->fds, sizeof fds);
  if (message->request == VHOST_USER_NONE) {
    /* The front-end is gone. The library would end the process. */
    c->gone = true;
    return 1;
  }
  if (!devstate_engine_request(c->engine, message->request, &message->payload,
                               message->size, fds, (size_t)message->fd_num,
                               vu->sock)) {
    return 0;
  }
  /* Here, because the library acknowledges NEED_REPLY by itself if no answer is
   * in the message. The rings are stopped: nothing else is to be done. */
  devstate_engine_wait(c->engine);
  if (devstate_engine_take_reply(c->engine, &reply) != 1) {
    c->gone = true;
    return 1;
  }
  /* The library closes nothing that it sent. */
  if (c->sent_fd >= 0) close(c->sent_fd);
  c->sent_fd = reply.fd;
  message->payload.u64 = reply.value;
  message->size = sizeof message->payload.u64;
  message->flags = 0; /* NEED_REPLY would stay in the reply */
  message->fd_num = reply.fd >= 0;
  message->fds[0] = reply.fd;
  *do_reply = 1;
  return 1;
}

static const VuDevIface kInterface = {
    .get_protocol_features = GetProtocolFeatures,
    .process_msg = ProcessMessage,
    .queue_set_started = QueueSetStarted,
};

static void Run(connection* c, int socket) {
  while (!c->gone) {
    struct pollfd p[WATCHES + 2] = {
        {socket, POLLIN, 0}, {devstate_engine_poll_fd(c->engine), POLLIN, 0}};
    for (int i = 0; i < WATCHES; i++) {
      p[i + 2].fd = c->watches[i].fd;
      p[i + 2].events = POLLIN;
    }
    if (poll(p, WATCHES + 2, -1) < 0) continue;
    if (p[1].revents) devstate_engine_dispatch(c->engine);
    for (int i = 0; i < WATCHES; i++) {
      if (p[i + 2].revents && c->watches[i].fd == p[i + 2].fd) {
        c->watches[i].callback(&c->vu, VU_WATCH_IN, c->watches[i].data);
      }
    }
    if (p[0].revents && !vu_dispatch(&c->vu)) return;
  }
}

int main(int argc, char** argv) {
  static const char kFlag[] = "--socket-path=";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  rng device = {.seeds = {11, 12, 13}};
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (argc < 2 || strncmp(argv[1], kFlag, sizeof kFlag - 1) != 0) return 2;
  if (argc > 2) device.served = strtoull(argv[2], NULL, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s",
           argv[1] + sizeof kFlag - 1);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 1) != 0) {
    perror(address.sun_path);
    return 1;
  }
  puts("listening");
  fflush(stdout);
  for (;;) {
    connection* c = calloc(1, sizeof *c);
    const int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    c->device = &device;
    c->sent_fd = -1;
    for (int i = 0; i < WATCHES; i++) c->watches[i].fd = -1;
    c->engine = rng_engine_new(&device);
    if (socket < 0 || c->engine == NULL ||
        !vu_init(&c->vu, QUEUES, socket, Panic, NULL, SetWatch, RemoveWatch,
                 &kInterface)) {
      fprintf(stderr, "no connection: %s\n", devstate_error());
      return 1;
    }
    Run(c, socket);
    devstate_engine_free(c->engine);
    if (c->sent_fd >= 0) close(c->sent_fd);
    vu_deinit(&c->vu); /* closes the socket */
    free(c);
  }
}
