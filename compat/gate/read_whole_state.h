// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_READ_WHOLE_STATE_H_
#define DEVSTATE_COMPAT_GATE_READ_WHOLE_STATE_H_

#include "absl/status/status.h"
#include "devstate/serializer/byte_stream.h"
#include "google/protobuf/message.h"

namespace devstate {

// Reads a whole stream into `state`, an empty generated root message. A stream
// of another version of its schema is converted. FAILED_PRECONDITION for one
// that cannot be, and for another schema; other errors are those of the
// stream's reader. After an error the content of `state` must not be used.
absl::Status ReadWholeState(ByteSource* source,
                            google::protobuf::Message* state);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_READ_WHOLE_STATE_H_
