// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Loaded into virtiofsd by proxy_traps_test.py, with one of these variables:
//
//   PRELOADED_GATE     reads of files wait while this file exists, and make
//                      the file with ".waiting" after its name
//   PRELOADED_SYSCALL  the first read of a pipe, which is the load of a state,
//                      makes a system call that virtiofsd never makes itself

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static void WaitAtGate(void) {
  const char* const gate = getenv("PRELOADED_GATE");
  char waiting[4096];
  if (gate == NULL || access(gate, F_OK) != 0) return;
  snprintf(waiting, sizeof(waiting), "%s.waiting", gate);
  close(open(waiting, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  while (access(gate, F_OK) == 0) usleep(1000);
}

// Defines a function of libc that waits at the gate first.
#define GATED(name, parameters, arguments)                     \
  ssize_t name parameters {                                    \
    ssize_t(*const next) parameters = dlsym(RTLD_NEXT, #name); \
    WaitAtGate();                                              \
    return next arguments;                                     \
  }

GATED(preadv, (int fd, const struct iovec* vector, int count, off_t offset),
      (fd, vector, count, offset))
GATED(preadv64, (int fd, const struct iovec* vector, int count, off64_t offset),
      (fd, vector, count, offset))
GATED(preadv2,
      (int fd, const struct iovec* vector, int count, off_t offset, int flags),
      (fd, vector, count, offset, flags))
GATED(preadv64v2,
      (int fd, const struct iovec* vector, int count, off64_t offset,
       int flags),
      (fd, vector, count, offset, flags))

ssize_t read(int fd, void* buffer, size_t size) {
  ssize_t (*const next)(int, void*, size_t) = dlsym(RTLD_NEXT, "read");
  struct stat info;
  if (getenv("PRELOADED_SYSCALL") != NULL && fstat(fd, &info) == 0 &&
      S_ISFIFO(info.st_mode)) {
    syscall(SYS_getpriority, 0, 0);
  }
  return next(fd, buffer, size);
}
