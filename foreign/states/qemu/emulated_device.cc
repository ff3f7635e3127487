// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/emulated_device.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// QEMU's layout has no version of its own that tells anything.
constexpr absl::string_view kVersion = "virtio";

// Refuses a state that breaks rules of its type.
void Check(const EmulatedType& type, const Message& state,
           FindingList* findings) {
  const BrokenRules broken = CheckDeviceState(*type.rules, state);
  for (const BrokenRule& rule : broken.kept()) {
    AddRefusal(findings, rule.path, rule.rule, ": ", rule.text, ". ",
               rule.remedy);
  }
}

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

ForeignReport MakeReport(const Message& state, uint64_t bytes,
                         FindingList& findings) {
  ForeignReport report;
  report.version = kVersion;
  report.records = CountRecords(state);
  report.bytes = bytes;
  report.verdict = findings.Take();
  return report;
}

}  // namespace

const std::vector<const EmulatedType*>& EmulatedTypes() {
  static const auto& types = *new std::vector<const EmulatedType*>{
      &EmulatedBalloon(), &EmulatedBlk(),   &EmulatedConsole(), &EmulatedGpu(),
      &EmulatedInput(),   &EmulatedIommu(), &EmulatedMem(),     &EmulatedNet()};
  return types;
}

const EmulatedType* FindEmulatedType(absl::string_view name) {
  for (const EmulatedType* type : EmulatedTypes()) {
    if (type->name == name) return type;
  }
  return nullptr;
}

absl::StatusOr<ForeignReport> ImportDevice(const EmulatedType& type,
                                           const SavedDevice& saved,
                                           const WriterOptions& options,
                                           ByteSink* output) {
  const std::unique_ptr<Message> state(type.root->New());
  FindingList findings;
  DS_RETURN_IF_ERROR(type.read(saved, state.get(), &findings));
  Check(type, *state, &findings);
  const bool refused = findings.refused();
  ForeignReport report =
      MakeReport(*state,
                 saved.virtio.size() + saved.rest.size() +
                     (saved.early.has_value() ? saved.early->size() : 0),
                 findings);
  if (refused) return report;
  const SchemaModel schema = BuildSchemaModel(*state->GetDescriptor());
  const SchemaFacts facts(*state->GetDescriptor());
  DynamicStateWriter writer(output, schema, facts.info(), options);
  DS_RETURN_IF_ERROR(WriteWholeState(*state, schema, writer));
  return report;
}

absl::StatusOr<ExportedDevice> ExportDevice(const EmulatedType& type,
                                            absl::string_view bytes,
                                            ByteSource* input) {
  const std::unique_ptr<Message> state(type.root->New());
  DS_RETURN_IF_ERROR(ReadWholeState(input, state.get()));
  FindingList findings;
  Check(type, *state, &findings);
  DS_ASSIGN_OR_RETURN(std::string written,
                      type.write(bytes, *state, &findings));
  ExportedDevice result;
  const bool refused = findings.refused();
  result.report = MakeReport(*state, bytes.size(), findings);
  if (!refused) result.bytes = std::move(written);
  return result;
}

}  // namespace devstate::qemu
