// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_CONSTRAINTS_H_
#define DEVSTATE_COMPAT_GATE_CONSTRAINTS_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "devstate/compat/gate/stream_findings.h"
#include "devstate/schema/schema_model.h"
#include "google/protobuf/message.h"

namespace devstate {

// Checks that values are what the annotations of a schema allow: min, max,
// one_of, power_of_two, max_len, max_items, unique_by, required, pieces, no key
// of a map twice. Generated readers check the same bounds
// (schema/column_bounds.h) of records, except for unique_by and for what is
// required with a feature.
//
// On a repeated message of the root, unique_by takes 16 bytes of memory an
// element. Pieces take what PieceSequence takes. Thread-safety: none.
class ConstraintChecker {
 public:
  // `written_version` is that of the writer's schema. A required field with a
  // feature is required if the feature is one of `used_features`. Requires:
  // `schema` outlives the checker.
  ConstraintChecker(const SchemaModel* schema, uint32_t written_version,
                    std::set<std::string> used_features);
  ~ConstraintChecker();

  // Checks the singular fields of the root, which holds no records.
  void CheckRoot(const google::protobuf::Message& root,
                 StreamFindings* findings);

  // Checks a record of the root's field `field`.
  void CheckRecord(const FieldModel& field,
                   const google::protobuf::Message& record,
                   StreamFindings* findings);

  // Checks, once after all records, what is about their number.
  void CheckEnd(StreamFindings* findings);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_CONSTRAINTS_H_
