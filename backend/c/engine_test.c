/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A device in C with a state of 8 bytes, its front-end played by hand. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devstate/backend/c/c_testing.h"
#include "devstate/devstate.h"

typedef struct device {
  uint64_t value;
  uint64_t staged;
  int discarded;
  devstate_transfer last;
  char text[256];
} device;

static int Save(void* context, devstate_write_fn write, void* sink) {
  device* d = context;
  return write(sink, &d->value, sizeof d->value);
}
static int Load(void* context, devstate_read_fn read, void* source) {
  device* d = context;
  size_t size = 0;
  char rest;
  while (size < sizeof d->staged) {
    const ptrdiff_t n =
        read(source, (char*)&d->staged + size, sizeof d->staged - size);
    if (n < 0) return (int)n;
    if (n == 0) return devstate_fail("%zu of 8 bytes\nonly", size);
    size += (size_t)n;
  }
  if (read(source, &rest, 1) != 0) return devstate_fail("more than 8 bytes");
  return d->staged == 0 ? DEVSTATE_EREFUSED : 0;
}
static int Commit(void* context) {
  device* d = context;
  d->value = d->staged;
  return 0;
}
static void Discard(void* context) { ++((device*)context)->discarded; }

static const devstate_bytes_ops kOps = {sizeof kOps, Save, Load, Commit,
                                        Discard};

static void Remember(void* context, const devstate_transfer* transfer) {
  device* d = context;
  d->last = *transfer;
  snprintf(d->text, sizeof d->text, "%s", transfer->text);
}

static devstate_engine* NewEngine(device* d) {
  devstate_engine_options options = {.size = sizeof options};
  devstate_engine* engine;
  options.report = Remember;
  engine = devstate_engine_new_bytes(&kOps, d, &options);
  if (engine == NULL) {
    printf("%s\n", devstate_error());
    exit(1);
  }
  devstate_engine_negotiated(engine, UINT64_C(1) << DEVSTATE_PROTOCOL_FEATURE);
  return engine;
}

/* Sends SET_DEVICE_STATE_FD with one end of a pipe and returns the other. */
static int SetFd(devstate_engine* engine, uint32_t direction) {
  const uint32_t payload[2] = {direction, 0};
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  devstate_engine_set_fd(engine, payload, sizeof payload, &ends[1 - direction],
                         1, -1);
  return ends[direction];
}

/* The answer to a request, and no other. */
static uint64_t Answer(devstate_engine* engine, uint32_t request) {
  devstate_reply reply = {0};
  uint32_t header[3];
  devstate_engine_wait(engine);
  EXPECT(devstate_engine_take_reply(engine, &reply) == 1);
  EXPECT(reply.request == request);
  EXPECT(reply.fd == -1);
  memcpy(header, reply.message, sizeof header);
  EXPECT(header[0] == request && header[1] == 5 && header[2] == 8);
  EXPECT(memcmp(reply.message + 12, &reply.value, 8) == 0);
  EXPECT(devstate_engine_take_reply(engine, &reply) == 0);
  return reply.value;
}

static uint64_t Check(devstate_engine* engine) {
  devstate_engine_check(engine, 0);
  return Answer(engine, DEVSTATE_CHECK_DEVICE_STATE);
}

static void AStateIsSaved(void) {
  device d = {.value = 4711};
  devstate_engine* engine = NewEngine(&d);
  uint64_t read_back = 0;
  char end;
  const int fd = SetFd(engine, 0);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100);
  EXPECT(read(fd, &read_back, sizeof read_back) == sizeof read_back);
  EXPECT(read(fd, &end, 1) == 0);
  EXPECT(read_back == 4711);
  EXPECT(Check(engine) == 0);
  EXPECT(d.last.stage == DEVSTATE_CHECKED && !d.last.load);
  EXPECT(d.last.bytes == 8 && devstate_engine_progress(engine) == 8);
  close(fd);
  devstate_engine_free(engine);
}

static void AStateComesIntoForceAtCheck(void) {
  const uint64_t state = 12;
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  const int fd = SetFd(engine, 1);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100);
  EXPECT(write(fd, &state, sizeof state) == sizeof state);
  close(fd);
  EXPECT(Check(engine) == 0);
  devstate_engine_free(engine);
  EXPECT(d.value == 12 && d.discarded == 0);
}

static void TheDevicesReasonIsReportedInOneLine(void) {
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  const int fd = SetFd(engine, 1);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100);
  EXPECT(write(fd, "abc", 3) == 3);
  close(fd);
  EXPECT(Check(engine) != 0);
  EXPECT(d.last.stage == DEVSTATE_CHECKED && d.last.load);
  EXPECT(d.last.code == DEVSTATE_EDEVICE);
  EXPECT_HAS(d.text, "3 of 8 bytes");
  devstate_engine_free(engine);
  EXPECT(d.value == 1 && d.discarded == 1);
}

static void ACodeWithoutTextIsAnError(void) {
  const uint64_t zero = 0;
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  const int fd = SetFd(engine, 1);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100);
  EXPECT(write(fd, &zero, sizeof zero) == sizeof zero);
  close(fd);
  EXPECT(Check(engine) != 0);
  EXPECT_HAS(d.text, "load() returned -5");
  devstate_engine_free(engine);
  EXPECT(d.value == 1 && d.discarded == 1);
}

static void MalformedRequestsAreRefusedAndTheirDescriptorsClosed(void) {
  const uint32_t payload[2] = {0, 0};
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  char end;
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  devstate_engine_set_fd(engine, payload, 7, &ends[1], 1, -1);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x101);
  EXPECT_HAS(d.text, "7 bytes of payload and 1 descriptors");
  EXPECT(read(ends[0], &end, 1) == 0);
  close(ends[0]);
  devstate_engine_set_fd(engine, payload, sizeof payload, NULL, 0, -1);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x101);
  devstate_engine_check(engine, 3);
  EXPECT(Answer(engine, DEVSTATE_CHECK_DEVICE_STATE) != 0);
  EXPECT_HAS(d.text, "3 bytes of payload");
  devstate_engine_free(engine);
}

static void RunningRingsRefuseATransfer(void) {
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  int fd;
  devstate_engine_running(engine, true);
  fd = SetFd(engine, 0);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x101);
  close(fd);
  devstate_engine_running(engine, false);
  fd = SetFd(engine, 0);
  EXPECT(Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100);
  close(fd);
  devstate_engine_disconnected(engine);
  EXPECT(!devstate_engine_owes_reply(engine));
  devstate_engine_free(engine);
}

static bool Hand(devstate_engine* engine, uint32_t request, uint64_t payload) {
  return devstate_engine_request(engine, request, &payload, sizeof payload,
                                 NULL, 0, -1);
}

/* Its payload is two numbers of 32 bits, of which the first is the ring. */
static bool HandGetVringBase(devstate_engine* engine, uint32_t ring) {
  const uint32_t payload[2] = {ring, 0};
  const uint32_t get_vring_base = 11;
  return devstate_engine_request(engine, get_vring_base, payload,
                                 sizeof payload, NULL, 0, -1);
}

/* Whether SET_DEVICE_STATE_FD with one end of a pipe is accepted. */
static bool Accepts(devstate_engine* engine) {
  const uint32_t payload[2] = {0, 0};
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  EXPECT(devstate_engine_request(engine, DEVSTATE_SET_DEVICE_STATE_FD, payload,
                                 sizeof payload, &ends[1], 1, -1));
  close(ends[0]);
  return Answer(engine, DEVSTATE_SET_DEVICE_STATE_FD) == 0x100;
}

static void RequestsSayWhatIsNegotiatedAndWhichRingsRun(void) {
  enum { SET_PROTOCOL_FEATURES = 16, SET_VRING_KICK = 12 };
  device d = {.value = 1};
  devstate_engine* engine = devstate_engine_new_bytes(&kOps, &d, NULL);
  EXPECT(!Accepts(engine));
  EXPECT(!Hand(engine, SET_PROTOCOL_FEATURES,
               UINT64_C(1) << DEVSTATE_PROTOCOL_FEATURE));
  EXPECT(Accepts(engine));
  EXPECT(!Hand(engine, SET_VRING_KICK, 0));
  EXPECT(!Hand(engine, SET_VRING_KICK, 1));
  EXPECT(!HandGetVringBase(engine, 0));
  EXPECT(!Accepts(engine)); /* the last ring still runs */
  EXPECT(!HandGetVringBase(engine, 1));
  EXPECT(Accepts(engine));
  EXPECT(!Hand(engine, SET_VRING_KICK, 0));
  devstate_engine_disconnected(engine); /* with a ring that runs */
  EXPECT(!Hand(engine, SET_PROTOCOL_FEATURES,
               UINT64_C(1) << DEVSTATE_PROTOCOL_FEATURE));
  EXPECT(Accepts(engine));
  devstate_engine_free(engine);
}

static void RequestsOfOthersAreLeftToTheCaller(void) {
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  uint32_t request;
  int ends[2];
  char end = 1;
  if (pipe(ends) != 0) exit(1);
  for (request = 0; request < 64; request++) {
    if (request == DEVSTATE_SET_DEVICE_STATE_FD ||
        request == DEVSTATE_CHECK_DEVICE_STATE) {
      continue;
    }
    EXPECT(!devstate_engine_request(engine, request, NULL, 0, &ends[1], 1, -1));
  }
  EXPECT(!devstate_engine_owes_reply(engine));
  EXPECT(write(ends[1], &end, 1) == 1); /* still open */
  /* With CHECK_DEVICE_STATE none should come. It is closed. */
  EXPECT(devstate_engine_request(engine, DEVSTATE_CHECK_DEVICE_STATE, NULL, 0,
                                 &ends[1], 1, -1));
  EXPECT(Answer(engine, DEVSTATE_CHECK_DEVICE_STATE) != 0);
  EXPECT(read(ends[0], &end, 1) == 1 && read(ends[0], &end, 1) == 0);
  close(ends[0]);
  devstate_engine_free(engine);
}

static void AnOwnChannelGoesWithTheReply(void) {
  const uint32_t payload[2] = {0, 0};
  device d = {.value = 99};
  devstate_engine_options options = {.size = sizeof options};
  devstate_engine* engine;
  devstate_reply reply;
  uint64_t read_back = 0;
  int ends[2];
  options.channel = DEVSTATE_CHANNEL_PIPE;
  engine = devstate_engine_new_bytes(&kOps, &d, &options);
  EXPECT(engine != NULL);
  devstate_engine_negotiated(engine, UINT64_C(1) << DEVSTATE_PROTOCOL_FEATURE);
  if (pipe(ends) != 0) exit(1);
  devstate_engine_set_fd(engine, payload, sizeof payload, &ends[1], 1, -1);
  close(ends[0]);
  EXPECT(devstate_engine_take_reply(engine, &reply) == 1);
  EXPECT(reply.value == 0 && reply.fd >= 0);
  EXPECT(read(reply.fd, &read_back, sizeof read_back) == sizeof read_back);
  EXPECT(read_back == 99);
  close(reply.fd);
  EXPECT(Check(engine) == 0);
  devstate_engine_free(engine);
}

static void RepliesGoOverTheSocket(void) {
  device d = {.value = 1};
  devstate_engine* engine = NewEngine(&d);
  uint32_t message[5];
  uint64_t value;
  int sockets[2];
  int fd;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) exit(1);
  fd = SetFd(engine, 0);
  EXPECT(devstate_engine_send_replies(engine, sockets[0]) == 0);
  EXPECT(read(sockets[1], message, sizeof message) == sizeof message);
  EXPECT(message[0] == DEVSTATE_SET_DEVICE_STATE_FD && message[1] == 5);
  /* In the byte order of the machine, as all numbers of the protocol. */
  memcpy(&value, &message[3], sizeof value);
  EXPECT(message[2] == sizeof value && value == 0x100);
  /* A front-end that is gone is an error, not a signal. */
  close(sockets[1]);
  close(fd);
  fd = SetFd(engine, 0);
  EXPECT(devstate_engine_send_replies(engine, sockets[0]) == DEVSTATE_EPEER);
  close(fd);
  close(sockets[0]);
  devstate_engine_free(engine);
}

static void OptionsAreReadBySize(void) {
  device d = {.value = 1};
  struct {
    devstate_engine_options known;
    uint64_t newer;
  } options = {{.size = sizeof options}, 0};
  devstate_bytes_ops ops = kOps;
  devstate_engine* engine =
      devstate_engine_new_bytes(&kOps, &d, &options.known);
  EXPECT(engine != NULL);
  devstate_engine_free(engine);
  options.newer = 1;
  EXPECT(devstate_engine_new_bytes(&kOps, &d, &options.known) == NULL);
  EXPECT(devstate_error_code() == DEVSTATE_EINVAL);
  EXPECT_HAS(devstate_error(), "update the library");
  options.known.size = 0;
  EXPECT(devstate_engine_new_bytes(&kOps, &d, &options.known) == NULL);
  EXPECT_HAS(devstate_error(), "sizeof(devstate_engine_options)");
  /* What an older program does not have is zero. */
  options.known.size = sizeof options.known.size;
  options.known.channel = 77;
  engine = devstate_engine_new_bytes(&kOps, &d, &options.known);
  EXPECT(engine != NULL);
  devstate_engine_free(engine);
  options.known.size = sizeof options.known;
  EXPECT(devstate_engine_new_bytes(&kOps, &d, &options.known) == NULL);
  EXPECT_HAS(devstate_error(), "channel is 77");
  ops.commit = NULL;
  EXPECT(devstate_engine_new_bytes(&ops, &d, NULL) == NULL);
  EXPECT_HAS(devstate_error(), "set save, load, commit and discard");
  devstate_engine_free(NULL);
}

int main(void) {
  RUN(AStateIsSaved);
  RUN(AStateComesIntoForceAtCheck);
  RUN(TheDevicesReasonIsReportedInOneLine);
  RUN(ACodeWithoutTextIsAnError);
  RUN(MalformedRequestsAreRefusedAndTheirDescriptorsClosed);
  RUN(RunningRingsRefuseATransfer);
  RUN(RequestsSayWhatIsNegotiatedAndWhichRingsRun);
  RUN(RequestsOfOthersAreLeftToTheCaller);
  RUN(AnOwnChannelGoesWithTheReply);
  RUN(RepliesGoOverTheSocket);
  RUN(OptionsAreReadBySize);
  return test_failures == 0 ? 0 : 1;
}
