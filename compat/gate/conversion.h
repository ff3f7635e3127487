// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_CONVERSION_H_
#define DEVSTATE_COMPAT_GATE_CONVERSION_H_

#include <memory>

#include "devstate/compat/gate/stream_findings.h"
#include "devstate/compat/mapping.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/message.h"

namespace devstate {

// Turns messages of one version of a schema into those of another, as a Mapping
// of the two says: renames, moves, defaults, fallback fields, wider types,
// other units, numbers and cardinalities. Every value arrives, or there is a
// finding for it. The finding is LOSSY if the writer declares the value
// ignorable, else REFUSED.
//
// States of a pair that CompareSchemas() refuses must not come here. Where it
// says CONDITIONAL, a message that breaks the condition is refused, here or by
// the reader's own bounds, and any other is not.
//
// Thread-safety: none.
class Converter {
 public:
  // Nothing is copied into or out of the fields that `mapping` leaves to a
  // step, and there are no findings about them. Requires: `mapping` outlives
  // the converter.
  explicit Converter(Mapping* mapping);
  ~Converter();

  // Converts the root message without its records into `read`, an empty root of
  // the reader's.
  void ConvertRoot(const google::protobuf::Message& written,
                   google::protobuf::Message* read, StreamFindings* findings);

  // Returns the reader's field for records of the writer's root field
  // `written`; null if there is none.
  const FieldModel* RecordField(const FieldModel& written);

  // Returns whether batches of the writer's field `written` are already batches
  // of the reader's, except for columns that the reader does not have and
  // values that it does not take.
  bool PassesUnchanged(const FieldModel& written);

  // Converts a record of the writer's field `field` into `read`, an empty
  // record of the reader's. Requires: `field` has a RecordField().
  void ConvertRecord(const FieldModel& field,
                     const google::protobuf::Message& written,
                     google::protobuf::Message* read, StreamFindings* findings);

  // Adds findings for a record of a field that the reader does not have: all
  // that happens to it is a finding.
  void DropRecord(const FieldModel& field, StreamFindings* findings);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_CONVERSION_H_
