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
// finding for it: LOSSY for one that the writer declares ignorable, else
// REFUSED.
//
// States of a pair that CompareSchemas() refuses must not come here. Where it
// says CONDITIONAL, a message that breaks the condition is refused, here or by
// the reader's own bounds, and any other is not.
//
// Not thread-safe.
class Converter {
 public:
  // `mapping` must outlive the converter. Nothing is copied into or out of the
  // fields that it leaves to a step, and nothing is found about them.
  explicit Converter(Mapping* mapping);
  ~Converter();

  // From the root message without its records to an empty one of the reader's.
  void ConvertRoot(const google::protobuf::Message& written,
                   google::protobuf::Message* read, StreamFindings* findings);

  // The reader's field for records of the writer's root field `written`; null
  // if there is none.
  const FieldModel* RecordField(const FieldModel& written);

  // Whether batches of the writer's field `written` are batches of the reader's
  // as they are, but for columns that the reader does not have and for values
  // that it does not take.
  bool PassesUnchanged(const FieldModel& written);

  // A record of the writer's field `field`, which has a RecordField(), to an
  // empty one of the reader's.
  void ConvertRecord(const FieldModel& field,
                     const google::protobuf::Message& written,
                     google::protobuf::Message* read, StreamFindings* findings);

  // The same for records of a field that the reader does not have: all that
  // happens to them is a finding.
  void DropRecord(const FieldModel& field, StreamFindings* findings);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_CONVERSION_H_
