// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FUZZ_STREAM_PARTS_H_
#define DEVSTATE_FUZZ_STREAM_PARTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devstate/serializer/stream_format.h"

namespace devstate::fuzz {

struct ChunkParts {
  // Type, codec, flags, field and records count. Seal() sets the rest.
  ChunkHeader header;
  // The payload as decoded; as stored if it cannot be decoded.
  std::string payload;
  bool decoded = true;
  // What is added to the numbers that would be right.
  uint32_t sequence_error = 0;
  uint32_t stored_size_error = 0;
  uint32_t decoded_size_error = 0;
};

// A stream without what follows from the rest of it: sizes, sequence numbers,
// checksums, and the trailer's counts and digest.
struct StreamParts {
  StreamPrefix prefix;
  std::string header;
  std::vector<ChunkParts> chunks;
  // The bytes that are no chunk.
  std::string rest;
  // Whether Seal() makes the trailers; otherwise only their digests.
  bool count = true;
};

// Takes a stream apart, as far as it looks like one. Believes no checksum.
StreamParts TakeApart(absl::string_view bytes);

// Puts the parts together.
std::string Seal(const StreamParts& parts);

}  // namespace devstate::fuzz

#endif  // DEVSTATE_FUZZ_STREAM_PARTS_H_
