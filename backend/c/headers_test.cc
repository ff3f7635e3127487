// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate.h compiles as C++11.

#include "devstate/devstate.h"

int main() {
  devstate_bytes_ops ops = devstate_bytes_ops();
  ops.size = sizeof(ops);
  return ops.size == sizeof(devstate_bytes_ops) ? 0 : 1;
}
