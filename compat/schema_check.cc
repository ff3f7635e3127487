// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/schema_check.h"

#include <string>

#include "codegen/annotations.h"
#include "codegen/record_model.h"
#include "compat/dynamic/record_layout.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {

using ::google::protobuf::Descriptor;

absl::Status CheckRecords(const Descriptor& root) {
  // First, because it bounds what other checks walk through.
  for (int i = 0; i < root.field_count(); ++i) {
    if (!TravelsInBatches(*root.field(i))) continue;
    const absl::Status checked =
        CheckRecordType(*root.field(i)->message_type());
    if (!checked.ok()) {
      return SchemaError(*root.field(i),
                         std::string(checked.message()) +
                             ": make several flat records of it that refer to "
                             "each other by a key");
    }
  }
  return BuildRecordModel(root).status();
}

absl::Status CheckSchema(const Descriptor& root) {
  DS_RETURN_IF_ERROR(CheckRecords(root));
  return CheckAnnotations(root);
}

}  // namespace devstate
