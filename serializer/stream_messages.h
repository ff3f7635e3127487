// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The messages of proto/devstate/stream.proto, which says what their members
// mean. Plain structs, so that a back-end that streams needs no Protocol
// Buffers.

#ifndef DEVSTATE_SERIALIZER_STREAM_MESSAGES_H_
#define DEVSTATE_SERIALIZER_STREAM_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_info.h"

namespace devstate {

// A namespace of their own keeps the structs apart from the classes of a
// program that compiles stream.proto to C++. A source includes one or the
// other.
inline namespace structs {

// The program that writes a state: the message Implementation.
struct WriterName {
  std::string name;
  std::string version;
};

struct ConversionRecord {
  uint32_t from_version = 0;
  uint32_t to_version = 0;
  WriterName by;
};

struct StreamHeader {
  std::string device;
  std::string schema;
  uint32_t schema_version = 0;
  uint32_t min_reader = 0;
  std::string root_message;
  WriterName writer;
  std::vector<std::string> used_features;
  std::string fingerprint;
  std::string descriptor_set;
  std::string instance;
  std::vector<ConversionRecord> conversions;
};

struct RoundCounts {
  uint64_t chunks = 0;
  uint64_t written = 0;
  uint64_t deleted = 0;
};

struct StreamTrailer {
  uint64_t chunks = 0;
  uint64_t records = 0;
  uint64_t decoded_bytes = 0;
  uint64_t stored_bytes = 0;
  uint64_t digest = 0;
  std::vector<RoundCounts> rounds;
};

enum ErrorReason : int32_t {
  ERROR_REASON_UNSPECIFIED = 0,
  ERROR_REASON_NOT_A_STREAM = 1,
  ERROR_REASON_NO_TRAILER = 2,
  ERROR_REASON_CHECKSUM = 3,
  ERROR_REASON_TRAILING_BYTES = 4,
  ERROR_REASON_LIMIT = 5,
  ERROR_REASON_MALFORMED = 6,
  ERROR_REASON_UNKNOWN_CONTENT = 7,
  ERROR_REASON_CONSTRAINT = 8,
};

struct ErrorDetail {
  ErrorReason reason = ERROR_REASON_UNSPECIFIED;
  uint64_t offset = 0;
  absl::optional<uint32_t> chunk = absl::nullopt;
  bool required_missing = false;
  bool pieces_not_whole = false;
};

}  // namespace structs

// Returns what the header says about its schema. The views are into `header`.
SchemaInfo SchemaOf(const StreamHeader& header);

// Returns whether the state is one of `reader`'s own schema and version, and
// for its device, so that nothing is to be judged but its content.
bool IsOfSchema(const StreamHeader& header, const SchemaInfo& reader);

// Returns the name of docs/stream_format.md, "NO_TRAILER". Empty for a reason
// of a newer release.
std::string ReasonName(ErrorReason reason);

// Returns the message as protobuf serializes it in its deterministic order. The
// message fields `writer` and `by` are always written.
std::string Serialize(const StreamHeader& header);
std::string Serialize(const StreamTrailer& trailer);
std::string Serialize(const ErrorDetail& detail);

// Sets the struct to what protobuf parses, without the fields that it does not
// have. Returns false for what protobuf's parser refuses, and for a varint of
// more than 64 bits. The struct is unspecified then.
bool Parse(absl::string_view message, StreamHeader* header);
bool Parse(absl::string_view message, StreamTrailer* trailer);
bool Parse(absl::string_view message, ErrorDetail* detail);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_STREAM_MESSAGES_H_
