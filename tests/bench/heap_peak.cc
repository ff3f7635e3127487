// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/heap_peak.h"

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

// Below 0 where more is given back than was taken since the start.
ptrdiff_t current = 0;
ptrdiff_t peak = 0;

}  // namespace

// The array and sized forms of the library come to these two.
void* operator new(size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  current += static_cast<ptrdiff_t>(malloc_usable_size(memory));
  peak = std::max(peak, current);
  return memory;
}

void operator delete(void* memory) noexcept {
  current -= static_cast<ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace devstate::bench {

void StartHeapPeak() { current = peak = 0; }

size_t HeapPeak() { return static_cast<size_t>(peak); }

}  // namespace devstate::bench
