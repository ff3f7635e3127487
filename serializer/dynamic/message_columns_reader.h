// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_READER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_READER_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/record_columns.h"
#include "google/protobuf/message.h"

namespace devstate::dynamic {

class FieldReader;
class JsonOutput;
class MessageTable;
struct MapKey;

// Reads the columns of a message whose type is known at run time only.
// Thread-safety: none.
class MessageColumnsReader final : public RecordColumnsReader {
 public:
  // `prototype` is of the type `record`. Requires: `record` outlives the
  // reader.
  MessageColumnsReader(const MessageModel& record,
                       const google::protobuf::Message& prototype);
  ~MessageColumnsReader();

  // Refuses what lies too deep, as well: a release without such a rule may have
  // written a schema that is deeper.
  absl::Status DecodeAs(const FieldEntry& field, absl::string_view columns,
                        size_t count, DecodeContext& context) override;

  // Must come before the first Read() of a batch.
  void Restart();
  // One of these is called for the rows one after the other, from 0.
  //
  // Puts row `row` into `record`, an empty message of the type.
  void Read(size_t row, google::protobuf::Message* record);
  // Prints it as protobuf prints that message.
  void Print(size_t row, JsonOutput& out);
  // Prints the value of an entry of a map and returns its key.
  MapKey PrintEntry(size_t row, JsonOutput& out);

 private:
  using Fields = std::vector<std::unique_ptr<FieldReader>>;

  MessageColumnsReader(std::unique_ptr<MessageTable> table, Fields fields);

  const std::unique_ptr<MessageTable> table_;
  // In ascending order of number.
  const Fields fields_;
};

}  // namespace devstate::dynamic

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_MESSAGE_COLUMNS_READER_H_
