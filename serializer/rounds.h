// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_ROUNDS_H_
#define DEVSTATE_SERIALIZER_ROUNDS_H_

namespace devstate {

// What a reader does with a state that comes in rounds (docs/stream_format.md).
enum class Rounds {
  // Refuses it with UNKNOWN_CONTENT, before anything of it.
  kRefuse,
  // StreamReader hands out marks, upserts and deletions as other chunks, for
  // whoever looks at the framing. RecordReader merges them.
  kTake,
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ROUNDS_H_
