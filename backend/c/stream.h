// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The writer and the reader of devstate.h.

#ifndef DEVSTATE_BACKEND_C_STREAM_H_
#define DEVSTATE_BACKEND_C_STREAM_H_

#include <memory>

#include "devstate/backend/c/byte_functions.h"
#include "devstate/backend/c/state_reader.h"
#include "devstate/backend/c/state_writer.h"

struct devstate_writer {
  // Where the bytes go, and what makes them, of a writer of the caller's own;
  // null in a device's save().
  std::unique_ptr<devstate::c::FunctionSink> sink;
  std::unique_ptr<devstate::c::StateWriter> owned;
  devstate::c::StateWriter* writer;
};

struct devstate_reader {
  std::unique_ptr<devstate::c::FunctionSource> source;
  std::unique_ptr<devstate::c::StateReader> reader;
};

#endif  // DEVSTATE_BACKEND_C_STREAM_H_
