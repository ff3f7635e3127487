// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/crosvm.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/device_import.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"
#include "devstate/foreign/states/crosvm/saved_device.h"
#include "devstate/foreign/states/crosvm/state_json.h"
#include "devstate/options.pb.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::crosvm {
namespace {

// A map of three with text keys, in this order.
constexpr absl::string_view kStart =
    "\xa3\x6e"
    "acked_features";
constexpr absl::string_view kSecond =
    "\x77"
    "acked_protocol_features";

// How the state of a device in a snapshot begins.
constexpr absl::string_view kSnapshotStart =
    "\xa8\x6b"
    "config_regs";

const std::vector<const CrosvmType*>& Types() {
  static const auto& types = *new std::vector<const CrosvmType*>{
      &CrosvmBlock(), &CrosvmConsole(), &CrosvmNet(), &CrosvmSnd(),
      &CrosvmVsock()};
  return types;
}

// Returns the type with these keys, which are all that tells the devices apart;
// null if there is none.
const CrosvmType* TypeOf(const std::set<std::string>& keys, Process process) {
  if (keys.empty()) return nullptr;
  for (const CrosvmType* type : Types()) {
    if (keys == (process == Process::kBackend ? type->backend_keys
                                              : type->inner_keys)) {
      return type;
    }
  }
  return nullptr;
}

absl::string_view NameOf(const StateFacts& facts, const CrosvmType* type) {
  if (type != nullptr) return type->name;
  if (facts.device_keys.empty()) return "without a state of the device";
  return facts.device_keys.count("backend_state") != 0
             ? "of a vhost-user device"
             : "of an unknown device";
}

// Checks the map that the state is. Returns where the device is.
absl::StatusOr<Process> CheckRoot(const StateFacts& facts) {
  static const auto& backend_root = *new std::vector<std::string>{
      "acked_features", "acked_protocol_features", std::string(kBackendKey)};
  static const auto& snapshot_root = *new std::vector<std::string>{
      "config_regs",      std::string(kInnerDeviceKey),
      "device_activated", "interrupt",
      "msix_config",      "common_config",
      "queues",           "activated_queues"};
  if (facts.root_keys == snapshot_root) return Process::kCrosvm;
  if (facts.root_keys == backend_root && facts.acked_features.has_value() &&
      facts.acked_protocol_features.has_value()) {
    return Process::kBackend;
  }
  return StreamError({ERROR_REASON_MALFORMED},
                     "not a state of crosvm: it has other fields than the "
                     "numbers acked_features and acked_protocol_features, and "
                     "backend, and other ones than a device in a snapshot");
}

absl::StatusOr<StateFacts> ReadFacts(const OpenSource& input,
                                     ByteSink* output) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, input());
  return ReadStateJson(*source, output);
}

absl::StatusOr<ForeignReport> Read(const OpenSource& input, ByteSink* output) {
  DS_ASSIGN_OR_RETURN(const StateFacts facts, ReadFacts(input, output));
  DS_ASSIGN_OR_RETURN(const Process process, CheckRoot(facts));
  const CrosvmType* const type = TypeOf(facts.device_keys, process);
  ForeignReport report;
  report.version = NameOf(facts, type);
  report.records = 1;
  report.bytes = facts.bytes;
  if (process == Process::kBackend) {
    report.numbers = {
        {"acked_features", *facts.acked_features},
        {"acked_protocol_features", *facts.acked_protocol_features}};
  }
  report.verdict.set_level(VERDICT_LEVEL_COMPATIBLE);
  return report;
}

absl::StatusOr<ForeignReport> Check(const OpenSource& input) {
  return Read(input, nullptr);
}

absl::Status Show(const OpenSource& input, ByteSink* output) {
  DS_RETURN_IF_ERROR(Read(input, nullptr).status());
  return Read(input, output).status();
}

bool MayBeState(absl::string_view first_bytes) {
  return (absl::StartsWith(first_bytes, kStart) &&
          absl::StrContains(first_bytes, kSecond)) ||
         absl::StartsWith(first_bytes, kSnapshotStart);
}

// Returns the type of a device. One in crosvm's process that has no state of
// its own may be a disk, and nothing but the user says so.
absl::StatusOr<const CrosvmType*> FindType(const SavedDevice& saved,
                                           absl::string_view schema) {
  const CrosvmType* found = nullptr;
  if (saved.device.is_object()) {
    std::set<std::string> keys;
    for (const auto& item : saved.device.items()) keys.insert(item.key());
    found = TypeOf(keys, saved.process);
  } else if (saved.device.is_null() && saved.process == Process::kCrosvm &&
             schema == CrosvmBlock().schema) {
    found = &CrosvmBlock();
  }
  if (found == nullptr) {
    return absl::FailedPreconditionError(
        "a state of crosvm that is of no device that converts: devstate dump "
        "shows it");
  }
  if (found->schema == schema) return found;
  return absl::FailedPreconditionError(
      absl::StrCat("a state of crosvm's ", found->name, ", which converts to ",
                   found->schema, " and not to ", schema));
}

// Names what the driver knows of the device's configuration and the state does
// not have.
void AddMissingConfig(const CrosvmType& type, const SavedDevice& saved,
                      const google::protobuf::Message& state,
                      FindingList* findings) {
  const auto* const field = state.GetDescriptor()->FindFieldByName("config");
  const auto& config = state.GetReflection()->GetMessage(state, field);
  for (int i = 0; i < config.GetDescriptor()->field_count(); ++i) {
    const auto& member = *config.GetDescriptor()->field(i);
    const std::string& feature =
        member.options().GetExtension(devstate::field).feature();
    for (const DeviceFeature& known : type.rules->features) {
      if (known.name != feature || !saved.Has(known.bit) ||
          config.GetReflection()->HasField(config, &member)) {
        continue;
      }
      AddLoss(findings, absl::StrCat("config.", member.name()),
              "crosvm does not save it, and ", feature,
              " was negotiated: the destination must have what the source had, "
              "or --add says it");
    }
  }
}

}  // namespace

const ForeignFormat& Format() {
  static const auto& format = *new ForeignFormat{
      /*name=*/"crosvm",
      /*schema=*/"",
      /*versions=*/{},
      /*recognise=*/MayBeState,
      /*check=*/Check,
      /*import_state=*/nullptr,
      /*export_state=*/nullptr,
      /*show=*/Show,
  };
  return format;
}

const std::vector<absl::string_view>& DeviceSchemas() {
  static const auto& schemas = *new std::vector<absl::string_view>([] {
    std::vector<absl::string_view> all;
    for (const CrosvmType* type : Types()) all.push_back(type->schema);
    return all;
  }());
  return schemas;
}

absl::string_view DeviceSchema(const ForeignReport& report) {
  for (const CrosvmType* type : Types()) {
    if (type->name == report.version) return type->schema;
  }
  return "";
}

absl::StatusOr<ForeignReport> ImportDevice(const OpenSource& input,
                                           const DeviceImport& device,
                                           const WriterOptions& options,
                                           ByteSink* output) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, input());
  DS_ASSIGN_OR_RETURN(const ParsedState parsed, ParseState(*source));
  DS_RETURN_IF_ERROR(CheckRoot(parsed.facts).status());
  DS_ASSIGN_OR_RETURN(const SavedDevice saved, TakeApart(parsed.json));
  DS_ASSIGN_OR_RETURN(const CrosvmType* const type,
                      FindType(saved, device.schema));
  const std::unique_ptr<google::protobuf::Message> state(type->root->New());
  if (device.add) DS_RETURN_IF_ERROR(device.add(state.get()));
  FindingList findings;
  AddObstacle(saved, &findings);
  DS_RETURN_IF_ERROR(type->read(saved, state.get(), &findings));
  AddMissingConfig(*type, saved, *state, &findings);
  return WriteConverted(type->name, *type->rules, *state, parsed.facts.bytes,
                        findings, options, output);
}

}  // namespace devstate::crosvm
