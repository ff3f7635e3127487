// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_SCHEMA_INFO_H_
#define DEVSTATE_SCHEMA_SCHEMA_INFO_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "devstate/schema/pieces_info.h"

namespace devstate {

// The facts of its schema that generated code has as constants in the binary,
// with views of static storage, and that the header of a stream says.
struct SchemaInfo {
  absl::string_view schema;
  uint32_t version;
  uint32_t min_reader;
  absl::string_view device;
  // The full name of the root message.
  absl::string_view root_message;
  // The SHA-256 of the canonical descriptor set: 32 bytes.
  absl::string_view fingerprint;
  // The FileDescriptorSet of the root's file and all that it imports, as one
  // zstd frame.
  absl::string_view descriptor_set;
  // The values in pieces that writers and readers check, in ascending order of
  // field. Default: none are checked.
  absl::Span<const PiecesInfo> pieces = {};
};

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_SCHEMA_INFO_H_
