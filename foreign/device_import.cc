// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/device_import.h"

#include <vector>

#include "devstate/foreign/device_findings.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

uint64_t CountRecords(const Message& state) {
  uint64_t count = 0;
  std::vector<const FieldDescriptor*> fields;
  const google::protobuf::Reflection& reflection = *state.GetReflection();
  reflection.ListFields(state, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      count += static_cast<uint64_t>(reflection.FieldSize(state, field));
    }
  }
  return count;
}

}  // namespace

void CheckConverted(const DeviceType& type, const Message& state,
                    FindingList* findings) {
  const BrokenRules broken = CheckDeviceState(type, state);
  for (const BrokenRule& rule : broken.kept()) {
    AddRefusal(findings, rule.path, rule.rule, ": ", rule.text, ". ",
               rule.remedy);
  }
}

ForeignReport MakeDeviceReport(absl::string_view version, const Message& state,
                               uint64_t bytes, FindingList& findings) {
  ForeignReport report;
  report.version = version;
  report.records = CountRecords(state);
  report.bytes = bytes;
  report.verdict = findings.Take();
  return report;
}

absl::StatusOr<ForeignReport> WriteConverted(
    absl::string_view version, const DeviceType& type, const Message& state,
    uint64_t bytes, FindingList& findings, const WriterOptions& options,
    ByteSink* output) {
  CheckConverted(type, state, &findings);
  const bool refused = findings.refused();
  ForeignReport report = MakeDeviceReport(version, state, bytes, findings);
  if (refused) return report;
  const SchemaModel schema = BuildSchemaModel(*state.GetDescriptor());
  const SchemaFacts facts(*state.GetDescriptor());
  DynamicStateWriter writer(output, schema, facts.info(), options);
  DS_RETURN_IF_ERROR(WriteWholeState(state, schema, writer));
  return report;
}

}  // namespace devstate
