// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/qemu/emulated_device.h"

#include <utility>

#include "absl/status/status.h"
#include "devstate/compat/gate/read_whole_state.h"
#include "devstate/foreign/device_import.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::google::protobuf::Message;

// QEMU's layout has no version of its own that tells anything.
constexpr absl::string_view kVersion = "virtio";

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
  return WriteConverted(kVersion, *type.rules, *state,
                        saved.virtio.size() + saved.rest.size() +
                            (saved.early.has_value() ? saved.early->size() : 0),
                        findings, options, output);
}

absl::StatusOr<ExportedDevice> ExportDevice(const EmulatedType& type,
                                            absl::string_view bytes,
                                            ByteSource* input) {
  const std::unique_ptr<Message> state(type.root->New());
  DS_RETURN_IF_ERROR(ReadWholeState(input, state.get()));
  FindingList findings;
  CheckConverted(*type.rules, *state, &findings);
  DS_ASSIGN_OR_RETURN(std::string written,
                      type.write(bytes, *state, &findings));
  ExportedDevice result;
  const bool refused = findings.refused();
  result.report = MakeDeviceReport(kVersion, *state, bytes.size(), findings);
  if (!refused) result.bytes = std::move(written);
  return result;
}

}  // namespace devstate::qemu
