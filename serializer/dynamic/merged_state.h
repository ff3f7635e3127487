// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_MERGED_STATE_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_MERGED_STATE_H_

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/writer_options.h"

namespace devstate {

// Writes the state that `reader` reads whole, whether it came so or in rounds.
// Header and content are the same, but for what `options` says of chunks.
// Errors are those of reader and writer.
//
// Requires: `schema` is that of the stream, and the reader has read nothing but
// the header.
absl::Status WriteMergedState(DynamicStateReader& reader,
                              const SchemaModel& schema, WriterOptions options,
                              ByteSink* sink);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_MERGED_STATE_H_
