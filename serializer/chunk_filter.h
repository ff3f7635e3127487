// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_CHUNK_FILTER_H_
#define DEVSTATE_SERIALIZER_CHUNK_FILTER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "devstate/serializer/chunk.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace devstate {

// Stands between the framing of a stream and the code that is generated from a
// schema: sees each chunk before it is decoded, and may put another in its
// place. Its counterpart for writers is SaveFilter.
class ChunkFilter {
 public:
  virtual ~ChunkFilter() = default;

  // Returns the chunk to go on with, valid until the next call: type and
  // position are those of `chunk`; field, number of records and payload may
  // differ. A batch of 0 records is left out. An error ends the read.
  virtual absl::StatusOr<Chunk> Filter(const Chunk& chunk) = 0;

  // Is shown each chunk of a state in rounds when it comes, marks of rounds
  // included, after it was checked and before it is merged: long before
  // Filter() sees the merged state. The mark of the first round is not shown.
  // Returns whether the reader hands out the records of this batch or these
  // upserts now, besides those of the merged state. Records of values in pieces
  // are never handed out twice.
  //
  // Default: false.
  virtual bool LookAhead(const Chunk&) { return false; }

  // Hands on the root message of the chunk that Filter() has returned, if it
  // has checked and parsed that already: then it is not parsed again, and the
  // chunk's payload does not matter. Null if not. Called once, after Filter().
  virtual std::shared_ptr<google::protobuf::Message> TakeRoot() {
    return nullptr;
  }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_CHUNK_FILTER_H_
