/* Copyright 2026 The devstate authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * For tests in C: expectations that go on, and the exit code of a test. */
#ifndef DEVSTATE_BACKEND_C_C_TESTING_H_
#define DEVSTATE_BACKEND_C_C_TESTING_H_

#include <stdio.h>
#include <string.h>

static int test_failures;

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      ++test_failures;                                                     \
    }                                                                      \
  } while (0)

#define EXPECT_HAS(text, part)                                            \
  do {                                                                    \
    if (strstr((text), (part)) == NULL) {                                 \
      printf("%s:%d: \"%s\" has no \"%s\"\n", __FILE__, __LINE__, (text), \
             (part));                                                     \
      ++test_failures;                                                    \
    }                                                                     \
  } while (0)

#define RUN(test)          \
  do {                     \
    printf("%s\n", #test); \
    test();                \
  } while (0)

#endif /* DEVSTATE_BACKEND_C_C_TESTING_H_ */
