/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The program that vu_rng.c, compiled later, runs in: it has the library and
 * the device's state, which the object loaded from the first argument uses. */
#include <dlfcn.h>
#include <stdio.h>

#include "tests/libvhost_user/rng_state.h"

int main(int argc, char** argv) {
  int (*run)(int, char**);
  void* object = argc < 2 ? NULL : dlopen(argv[1], RTLD_NOW);
  if (object == NULL) {
    fprintf(stderr, "%s\n", argc < 2 ? "no object" : dlerror());
    return 2;
  }
  *(void**)&run = dlsym(object, "RunRng");
  if (run == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  return run(argc - 1, argv + 1);
}
