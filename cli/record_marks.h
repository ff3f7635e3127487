// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Records told apart by two numbers each, so that states of any size can be
// compared: what they are called, and what they hold.

#ifndef DEVSTATE_CLI_RECORD_MARKS_H_
#define DEVSTATE_CLI_RECORD_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/state_values.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace devstate {

// Returns what a record is called: "inodes[id=5]", or by its position among
// those of its field. Its key is what RecordKey() says, and sensitive parts of
// it are shown if `show_sensitive`.
std::string RecordName(const FieldModel& field,
                       const google::protobuf::Message& record,
                       uint64_t position, bool show_sensitive);

// A record of a state.
struct RecordMark {
  // A checksum of its field and its key, or of its position if it has none.
  uint64_t key = 0;
  // A checksum of all else but volatile fields. One NaN is like another.
  uint64_t content = 0;
  // Where it stands among all records of the state that are not volatile.
  uint64_t position = 0;
};

// Counts the records of a state, batch by batch.
class RecordCounter {
 public:
  // Goes on to a batch of `size` records of `field`.
  void Start(const FieldModel& field, size_t size);

  // Return the position of the batch's first record, among those of its field
  // and among all that are counted.
  uint64_t in_field() const { return in_field_; }
  uint64_t position() const { return position_; }

 private:
  int field_ = 0;
  size_t size_ = 0;
  uint64_t in_field_ = 0;
  uint64_t position_ = 0;
};

// Marks the records of one state. Thread-safety: none.
class RecordMarker : public DynamicStateVisitor {
 public:
  using OnMark = std::function<void(const RecordMark&)>;

  // By their text, records of two versions of a schema can be compared, but
  // that takes several times as long. Replaces `*root` by the fields of the
  // root message. Requires: the pointers outlive the marker.
  RecordMarker(const SchemaModel& schema, bool by_text, StateValues* root,
               OnMark on_mark);

  absl::Status OnRoot(const google::protobuf::Message& root) override;
  absl::Status OnBatch(const google::protobuf::FieldDescriptor& field,
                       Records& records) override;
  absl::Status OnColumns(const FieldModel& field, BatchDecoder& batch) override;

 private:
  const SchemaModel& schema_;
  const bool by_text_;
  const OnMark on_mark_;
  const ValueLister lister_;
  StateValues& root_;
  RecordCounter counter_;
};

// Hands out some records of one state. Thread-safety: none.
class RecordPicker : public DynamicStateVisitor {
 public:
  // `index` counts `positions`.
  using OnRecord =
      std::function<void(size_t index, std::string name, StateValues values)>;

  // `positions` are those of RecordMark, in ascending order.
  RecordPicker(const SchemaModel& schema, std::vector<uint64_t> positions,
               bool show_sensitive, OnRecord on_record);

  absl::Status OnRoot(const google::protobuf::Message&) override {
    return absl::OkStatus();
  }
  absl::Status OnBatch(const google::protobuf::FieldDescriptor& field,
                       Records& records) override;
  absl::Status OnColumns(const FieldModel& field, BatchDecoder& batch) override;

 private:
  const SchemaModel& schema_;
  const std::vector<uint64_t> positions_;
  const bool show_sensitive_;
  const OnRecord on_record_;
  const ValueLister lister_;
  RecordCounter counter_;
  size_t next_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_CLI_RECORD_MARKS_H_
