// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_ANNOTATE_H_
#define DEVSTATE_CLI_ANNOTATE_H_

#include "absl/status/status.h"
#include "cli/state_schema.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// Writes the bytes of a stream in hexadecimal, next to them the offset and the
// name of each part, as in docs/stream_format.md. Compressed payloads are shown
// as they are after decompression, with offsets that count from there.
// Sensitive fields and what has no name are not shown, nor is content whose
// schema cannot be had.
//
// Works a chunk at a time, so that everything before a damaged chunk is shown.
absl::Status Annotate(ByteSource* source, const StateSchemaFlags& schema,
                      bool show_sensitive, ByteSink* out);

}  // namespace devstate

#endif  // DEVSTATE_CLI_ANNOTATE_H_
