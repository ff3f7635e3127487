// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_VECTORIZED_H_
#define DEVSTATE_SERIALIZER_INTERNAL_VECTORIZED_H_

// Makes a second copy of a function with a loop for processors with AVX2. The
// copy is chosen when the program starts. Sanitizers are not up at that moment.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DEVSTATE_VECTORIZED __attribute__((target_clones("avx2", "default")))
#else
#define DEVSTATE_VECTORIZED
#endif

#endif  // DEVSTATE_SERIALIZER_INTERNAL_VECTORIZED_H_
