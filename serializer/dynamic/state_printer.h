// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_DYNAMIC_STATE_PRINTER_H_
#define DEVSTATE_SERIALIZER_DYNAMIC_STATE_PRINTER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/redactor.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/type_resolver.h"

namespace devstate {

enum class StateFormat { kBinary, kJson, kText };

// Prints a state, a batch at a time, as the whole root message with its records
// in their repeated fields. The output is what protobuf writes for that message
// in the format. The same state is the same output.
class StatePrinter : public DynamicStateVisitor {
 public:
  // Shows sensitive fields unless `redactor` is given. Requires: all pointers
  // and `root` outlive the printer.
  StatePrinter(const google::protobuf::Descriptor& root, StateFormat format,
               Redactor* redactor, ByteSink* sink);

  absl::Status OnRoot(const google::protobuf::Message& root) override;
  absl::Status OnBatch(const google::protobuf::FieldDescriptor& field,
                       Records& records) override;
  absl::Status OnColumns(const FieldModel& field, BatchDecoder& batch) override;
  // Prints the text that follows the last batch.
  absl::Status Finish();

 private:
  // Returns whether records of this type are printed as a printer that knows
  // neither types of protobuf's own nor digests of pieces does.
  bool PrintsFromColumns(const google::protobuf::Descriptor& record) const;
  // Returns what stands before the first element of a batch of this field.
  std::string StartOfArray(const google::protobuf::FieldDescriptor& field);
  absl::Status Print(const google::protobuf::Message& part);
  // Returns `part` as protobuf prints it alone, without the outermost braces.
  absl::StatusOr<std::string> JsonMembers(
      const google::protobuf::Message& part) const;

  const StateFormat format_;
  Redactor* const redactor_;
  ByteSink* const sink_;
  google::protobuf::DynamicMessageFactory factory_;
  // The message that is printed: the root message, or its redacted form.
  const google::protobuf::Message* prototype_;
  std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
  // The state of the current JSON: whether there is a member before, and whose
  // array is open.
  bool has_member_ = false;
  int open_array_ = 0;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_DYNAMIC_STATE_PRINTER_H_
