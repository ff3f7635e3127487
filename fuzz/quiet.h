// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Keeps libprotobuf from printing what it refuses, which takes more time than
// all the rest.

#ifndef DEVSTATE_FUZZ_QUIET_H_
#define DEVSTATE_FUZZ_QUIET_H_

#include "devstate/third_party/protobuf_compat/protobuf_compat.h"

namespace devstate::fuzz {

inline const bool kQuiet = [] {
  SilenceProtobuf();
  return true;
}();

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_QUIET_H_
