/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * examples/hello_backend in C: a device with greetings, which move with its VM.
 * It parses vhost-user itself and has an event loop of its own. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devstate/devstate.h"
#include "hello.devstate-c.h"

/* --- The device and its state --- */

enum { MAX_TEXTS = 64, TEXT_SIZE = 81 };

typedef struct greetings {
  uint64_t said;
  size_t count;
  char texts[MAX_TEXTS][TEXT_SIZE];
} greetings;

static int add_text(greetings* g, const char* text, size_t size) {
  if (g->count == MAX_TEXTS) return devstate_fail("room for 64 texts only");
  if (size >= TEXT_SIZE) return devstate_fail("a text of %zu bytes", size);
  memcpy(g->texts[g->count++], text, size);
  return 0;
}

static int save(void* device, devstate_writer* writer) {
  const greetings* g = device;
  const example_hello_state root = {.said = g->said};
  example_greeting rows[MAX_TEXTS];
  const int error = example_hello_state_begin(writer, &root);
  for (size_t i = 0; i < g->count; i++) {
    rows[i].text = (devstate_bytes){g->texts[i], strlen(g->texts[i])};
  }
  if (error != 0) return error;
  return example_hello_state_add_greetings(writer, rows, g->count);
}

/* Takes a piece of a state that is not in force yet. */
static int batch(void* staged, const devstate_batch* piece) {
  greetings* loaded = staged;
  const example_hello_state* root = example_hello_state_get(piece);
  const example_greeting* rows = example_hello_state_get_greetings(piece);
  int error = 0;
  if (root != NULL) loaded->said = root->said;
  for (size_t i = 0; rows != NULL && i < piece->count && error == 0; i++) {
    error = add_text(loaded, rows[i].text.data, rows[i].text.size);
  }
  return error;
}

static int commit(void* device, void* staged) {
  greetings* g = device;
  *g = *(greetings*)staged;
  for (size_t i = 0; i < g->count; i++) puts(g->texts[i]);
  printf("loaded, said %llu times\n", (unsigned long long)g->said);
  fflush(stdout);
  return 0;
}

static const devstate_device_ops ops = {.size = sizeof ops,
                                        .save = save,
                                        .batch = batch,
                                        .report = devstate_report_to_stderr,
                                        .staged_size = sizeof(greetings),
                                        .commit_to = commit};

/* --- vhost-user, as far as a device without a data plane needs it --- */

enum { HEADER_SIZE = 12, MAX_PAYLOAD = 4096, MAX_FDS = 8, RINGS = 64 };

typedef struct message {
  uint32_t request, flags, size;
  uint32_t payload[MAX_PAYLOAD / 4];
} message;

typedef struct connection {
  int socket;
  devstate_engine* engine;
  uint32_t bases[RINGS];
} connection;

/* Returns the number of descriptors that came, -1 at the end or for rubbish. */
static int receive(int socket, message* m, int* fds) {
  size_t control[CMSG_SPACE(MAX_FDS * sizeof(int)) / sizeof(size_t)];
  struct iovec header = {m, HEADER_SIZE};
  struct msghdr h = {.msg_iov = &header,
                     .msg_iovlen = 1,
                     .msg_control = control,
                     .msg_controllen = sizeof control};
  if (recvmsg(socket, &h, MSG_CMSG_CLOEXEC | MSG_WAITALL) != HEADER_SIZE ||
      m->size > MAX_PAYLOAD) {
    return -1;
  }
  const struct cmsghdr* c = CMSG_FIRSTHDR(&h);
  const size_t size = c == NULL ? 0 : c->cmsg_len - CMSG_LEN(0);
  if (size > 0) memcpy(fds, CMSG_DATA(c), size);
  if (m->size > 0 &&
      recv(socket, m->payload, m->size, MSG_WAITALL) != (ssize_t)m->size) {
    return -1;
  }
  return (int)(size / sizeof(int));
}

static bool reply(const connection* c, message* m, uint64_t value) {
  m->flags = 0x5; /* exactly: the version, and that it is a reply */
  m->size = sizeof value;
  memcpy(m->payload, &value, sizeof value);
  return send(c->socket, m, HEADER_SIZE + 8, MSG_NOSIGNAL) == HEADER_SIZE + 8;
}

/* Answers a request; false ends the connection. */
static bool handle(connection* c, message* m) {
  const uint32_t ring = m->payload[0] % RINGS;
  uint64_t base;
  switch (m->request) {
    case 1: /* GET_FEATURES: LOG_ALL, PROTOCOL_FEATURES, VERSION_1 */
      return reply(c, m, 1ull << 26 | 1ull << 30 | 1ull << 32);
    case 6: /* SET_LOG_BASE: nothing here writes to guest memory */
      return reply(c, m, 0);
    case 10: /* SET_VRING_BASE */
      c->bases[ring] = m->payload[1];
      break;
    case 11: /* GET_VRING_BASE, which stops the ring */
      m->payload[1] = c->bases[ring];
      memcpy(&base, m->payload, sizeof base);
      return reply(c, m, base);
    case 15: /* GET_PROTOCOL_FEATURES: MQ, LOG_SHMFD, REPLY_ACK */
      return reply(c, m, 0xb | 1ull << DEVSTATE_PROTOCOL_FEATURE);
    case 17: /* GET_QUEUE_NUM */
      return reply(c, m, 16);
    default: /* owner, memory, addresses, kicks: of no use here */
      break;
  }
  return (m->flags & 0x8) == 0 || reply(c, m, 0); /* NEED_REPLY */
}

/* Takes one message. */
static bool take(connection* c) {
  message m;
  int fds[MAX_FDS];
  memset(m.payload, 0, sizeof m.payload);
  const int count = receive(c->socket, &m, fds);
  if (count < 0) return false;
  if (devstate_engine_request(c->engine, m.request, m.payload, m.size, fds,
                              (size_t)count, c->socket)) {
    return true;
  }
  for (int i = 0; i < count; i++) close(fds[i]);
  return handle(c, &m);
}

static void serve(connection* c) {
  do {
    struct pollfd p[2] = {{devstate_engine_poll_fd(c->engine), POLLIN, 0},
                          {c->socket, POLLIN, 0}};
    /* Who is owed a reply waits, too. */
    if (devstate_engine_owes_reply(c->engine)) p[1].events = 0;
    poll(p, 2, -1);
    if (p[0].revents) devstate_engine_dispatch(c->engine);
    if (p[1].revents && !take(c)) return;
  } while (devstate_engine_send_replies(c->engine, c->socket) == 0);
}

int main(int argc, char** argv) {
  static greetings device = {.said = 1};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (argc < 2 ||
      sscanf(argv[1], "--socket-path=%107s", address.sun_path) != 1) {
    return 2;
  }
  for (int i = 2; i < argc; i++) add_text(&device, argv[i], strlen(argv[i]));
  unlink(address.sun_path);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 1) != 0) {
    perror(address.sun_path);
    return 1;
  }
  puts("listening");
  fflush(stdout);
  for (;;) {
    connection c = {.socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC)};
    c.engine = devstate_engine_new(&example_hello_state_schema, &ops, &device,
                                   NULL, NULL);
    if (c.engine == NULL) fprintf(stderr, "%s\n", devstate_error());
    if (c.socket >= 0 && c.engine != NULL) serve(&c);
    devstate_engine_free(c.engine); /* and forgets what was not committed */
    close(c.socket);
  }
}
