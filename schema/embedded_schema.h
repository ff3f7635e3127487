// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_
#define DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/stream.pb.h"

namespace devstate {

// What bounds the loading of a schema out of a stream. With these defaults it
// takes less than 100 MiB and a second, whatever the stream says.
struct EmbeddedSchemaLimits {
  // Of the FileDescriptorSet after decompression.
  uint64_t max_bytes = 1024 * 1024;
  uint32_t max_files = 256;
  uint32_t max_messages = 2048;
  // Files, messages, fields, enum values, ranges, options, …: every message
  // in the set.
  uint32_t max_items = 16384;
  // How deep messages of the set nest, and names, in bytes. Full names grow
  // with their product.
  uint32_t max_depth = 16;
  uint32_t max_name_bytes = 256;
};

// The schema that a stream's header carries, for diagnosis and for telling
// critical fields from ignorable ones. It is the stream's own word about itself
// and is read as hostile input. Files that it does not hold cannot be imported,
// but for devstate/options.proto and google/protobuf/descriptor.proto, which
// are always those compiled in.
//
// NOT_FOUND: the header carries none. RESOURCE_EXHAUSTED: a limit.
// INVALID_ARGUMENT: damaged, not a schema that devstate's compiler takes, or
// not the schema that the header's other fields, fingerprint included, are
// about.
absl::StatusOr<LoadedSchema> LoadEmbeddedSchema(
    const StreamHeader& header,
    const EmbeddedSchemaLimits& limits = EmbeddedSchemaLimits());

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_
