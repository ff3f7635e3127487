// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STATE_READER_H_
#define DEVSTATE_BACKEND_C_STATE_READER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/backend/c/root_message.h"
#include "devstate/backend/c/state_schema.h"
#include "devstate/backend/c/struct_reader.h"
#include "devstate/devstate.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/record_stream.h"

namespace devstate::c {

// Reads a state into structs, as strictly as generated C++. Not thread-safe.
class StateReader final : public RecordReader {
 public:
  // `source` must outlive the reader.
  StateReader(std::shared_ptr<const StateSchema> schema, ByteSource* source,
              const Limits& limits);
  ~StateReader();

  // The next piece of the state, root first, valid until the next call; null at
  // the end, when the whole stream was verified. After an error every call
  // returns it.
  absl::StatusOr<const devstate_batch*> Next();

  // Returns whether `chunk` is sure to be one that a reader of the same schema
  // takes, but for the content of batches.
  static bool Takes(const StateSchema& schema, const Chunk& chunk);

 private:
  absl::Status HandleRoot(const Chunk& chunk) override;
  absl::Status HandleBatch(const Chunk& chunk) override;
  absl::StatusOr<const devstate_batch*> NextImpl();
  // Makes `message` the next batch. Returns as ReadMessage() does.
  bool ReadRoot(absl::string_view message);
  // Reads the next structs of the batch.
  void ReadBlock();

  const std::shared_ptr<const StateSchema> schema_;
  // By the number of the root's field.
  std::map<uint32_t, std::unique_ptr<StructReader>> readers_;
  // What batch_ points to: of the root, and of records.
  std::string root_;
  Arrays arrays_;
  UninitializedBuffer<char> rows_;
  // The records of the chunk that are still to be read.
  StructReader* reader_ = nullptr;
  size_t next_row_ = 0;
  size_t rows_left_ = 0;
  bool has_root_ = false;
  devstate_batch batch_ = {};
  bool finished_ = false;
  absl::Status status_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STATE_READER_H_
