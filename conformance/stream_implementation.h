// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_STREAM_IMPLEMENTATION_H_
#define DEVSTATE_CONFORMANCE_STREAM_IMPLEMENTATION_H_

#include "devstate/conformance/stream_protocol.h"

namespace devstate::conformance {

// Answers a request with the codec of this library.
StreamAnswer AnswerRequest(const StreamRequest& request);

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_STREAM_IMPLEMENTATION_H_
