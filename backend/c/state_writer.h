// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_BACKEND_C_STATE_WRITER_H_
#define DEVSTATE_BACKEND_C_STATE_WRITER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "devstate/backend/c/state_schema.h"
#include "devstate/backend/c/struct_builder.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/writer_options.h"

namespace devstate::c {

// Writes a state from structs: the same bytes that generated C++ makes of the
// same records and options. After the first error every call returns it. Not
// thread-safe.
class StateWriter final : public RecordWriter {
 public:
  // `sink` must outlive the writer.
  StateWriter(std::shared_ptr<const StateSchema> schema, ByteSink* sink,
              WriterOptions options);
  ~StateWriter();

  // Makes the writer write nothing and add the features that the state uses to
  // `features`. Must come before Begin().
  void FindFeatures(std::set<std::string>* features) { features_ = features; }

  // Header and singular fields: once and first.
  absl::Status Begin(const void* root);
  // Copies records of the root's field `number`, in ascending order.
  // INVALID_ARGUMENT, with the path, for structs that are none; other errors
  // come with the batch.
  absl::Status Add(uint32_t number, const Structs& structs);
  // The last batch, and the trailer.
  absl::Status Finish();

 private:
  // The records of one field.
  struct Batches;

  absl::Status BeginWith(const void* root);
  absl::Status AddTo(Batches& batches, const Structs& structs);

  const std::shared_ptr<const StateSchema> schema_;
  std::map<uint32_t, std::unique_ptr<Batches>> batches_;
  // Of the last Add().
  Batches* current_ = nullptr;
  // Where the features go if nothing is written, or null.
  std::set<std::string>* features_ = nullptr;
  absl::Status status_;
};

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_STATE_WRITER_H_
