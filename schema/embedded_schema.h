// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_
#define DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "devstate/schema/schema_info.h"
#include "devstate/schema/schema_loader.h"

namespace devstate {

// The bounds of loading a schema out of a stream. With these defaults it takes
// less than 100 MiB and a second, whatever the stream says.
struct EmbeddedSchemaLimits {
  // The size of the FileDescriptorSet after decompression, and the number of
  // its files. Default: 1 MiB, 256.
  uint64_t max_bytes = 1024 * 1024;
  uint32_t max_files = 256;
  uint32_t max_messages = 2048;
  // The number of messages in the set: files, messages, fields, enum values,
  // ranges, options and all others. Default: 16384.
  uint32_t max_items = 16384;
  // The depth to which messages of the set nest, and the length of names in
  // bytes. Full names grow with the product of both. Default: 16, 256.
  uint32_t max_depth = 16;
  uint32_t max_name_bytes = 256;
};

// Loads the schema that the header of a stream carries, for diagnosis and for
// telling critical fields from ignorable ones. It is the stream's own word
// about itself and is read as hostile input. Files that it does not hold cannot
// be imported, except devstate/options.proto and
// google/protobuf/descriptor.proto, which are always those compiled in.
//
// Errors: NOT_FOUND (the header carries none), RESOURCE_EXHAUSTED (a limit),
// INVALID_ARGUMENT (damaged, not a schema that devstate's compiler takes, or
// not the schema that the header's other fields, fingerprint included, are
// about).
absl::StatusOr<LoadedSchema> LoadEmbeddedSchema(
    const SchemaInfo& header,
    const EmbeddedSchemaLimits& limits = EmbeddedSchemaLimits());

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_EMBEDDED_SCHEMA_H_
