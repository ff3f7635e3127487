// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate qemu: the states of back-ends in a QEMU migration file.
//
// The verbs work on the file and need no schema. Any bytes may replace a
// state, because only its back-end knows what they mean.

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "cli/error_place.h"
#include "cli/qemu_input.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/foreign/containers/file_kind.h"
#include "devstate/foreign/containers/qemu/inflight_region.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/foreign/containers/snapshot/snapshot.h"
#include "devstate/foreign/read_head.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

constexpr char kFileHelp[] =
    "QEMU migration file, libvirt save image, either with gzip or zstd, or a "
    "snapshot of cloud-hypervisor or crosvm";
constexpr char kDeviceHelp[] =
    "The device, as list names it; may be left out if there is but one";

constexpr char kFileOrDevice[] =
    "usage, I/O, not a QEMU migration file or no such device";

using Json = nlohmann::ordered_json;

struct QemuFlags {
  std::string file;
  std::string device;
  std::string format = "text";
  std::string state;
  std::string output;
};

// Returns what the first bytes of a file say; kOther for what is read once.
FileKind KindOfFile(const std::string& name) {
  if (IsReadOnce(name)) return FileKind::kOther;
  const absl::StatusOr<std::shared_ptr<ByteSource>> source = OpenInput(name);
  if (!source.ok()) return FileKind::kOther;
  const absl::StatusOr<std::string> first = ReadHead(**source, kFileKindBytes);
  return first.ok() ? FileKindOf(*first) : FileKind::kOther;
}

bool IsSnapshot(const std::string& name) {
  const FileKind kind = KindOfFile(name);
  return kind == FileKind::kJson || kind == FileKind::kCbor;
}

// A snapshot has its states as numbers, so they have no offset.
absl::StatusOr<Json> DescribeSnapshot(const std::string& name) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      OpenInput(name));
  DS_ASSIGN_OR_RETURN(const std::vector<SnapshotState> states,
                      ReadSnapshot(*source, KindOfFile(name) == FileKind::kJson
                                                ? SnapshotForm::kJson
                                                : SnapshotForm::kCbor));
  Json devices = Json::array();
  for (const SnapshotState& state : states) {
    DS_ASSIGN_OR_RETURN(const absl::string_view kind, KindOf([&] {
                          return absl::StatusOr<std::shared_ptr<ByteSource>>(
                              std::make_shared<TextSource>(state.bytes));
                        }));
    devices.push_back({{"device", state.device},
                       {"instance", 0},
                       {"id", state.device},
                       {"offset", nullptr},
                       {"bytes", state.bytes.size()},
                       {"kind", std::string(kind)}});
  }
  return devices;
}

absl::StatusOr<Json> DescribeStates(QemuFile& file) {
  Json devices = Json::array();
  for (const BackendState& state : file.states()) {
    DS_ASSIGN_OR_RETURN(const absl::string_view kind, KindOf([&] {
                          return absl::StatusOr<std::shared_ptr<ByteSource>>(
                              file.OpenState(state));
                        }));
    devices.push_back({{"device", state.device},
                       {"instance", state.instance},
                       {"id", state.Id()},
                       {"offset", state.offset},
                       {"bytes", state.bytes},
                       {"kind", std::string(kind)}});
  }
  return devices;
}

// Why QEMU does not load the requests in flight; empty if it does.
std::string WhyNotLoaded(const InflightState& state) {
  if (state.bytes != 0) return "";
  return "the guest never started this device, and QEMU (11.1) does not load a "
         "file that says so (\"failed to allocate shared memory\"): let the "
         "guest start it, or set inflight-migration=off on the source, and "
         "save again";
}

// Puts the place of the region into an error whose offset is in it.
absl::Status AtRegion(const InflightState& state, const absl::Status& status) {
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  absl::string_view message = status.message();
  if (!detail.has_value()) return status;
  absl::ConsumePrefix(&message,
                      absl::StrFormat("offset 0x%x: ", detail->offset));
  ErrorDetail moved = *detail;
  moved.offset = state.offset + detail->offset;
  return StreamError(
      moved, absl::StrCat("requests in flight of ",
                          absl::Utf8SafeCEscape(state.Id()), ": ", message));
}

void PrintRemedy(const Json& entry) {
  const std::string remedy = entry["remedy"].get<std::string>();
  if (!remedy.empty()) absl::PrintF("  %s\n", remedy);
}

Json DescribeRegionFromOutside(const InflightState& state) {
  Json entry = {{"device", state.device}, {"instance", state.instance},
                {"id", state.Id()},       {"offset", state.offset},
                {"bytes", state.bytes},   {"queue_size", state.queue_size}};
  const std::string why_not = WhyNotLoaded(state);
  entry["loadable"] = why_not.empty();
  entry["remedy"] = why_not;
  entry["rings"] = "";
  entry["requests"] = 0;
  entry["queues"] = Json::array();
  return entry;
}

absl::StatusOr<Json> DescribeRegion(QemuFile& file,
                                    const InflightState& state) {
  Json entry = DescribeRegionFromOutside(state);
  if (state.bytes == 0) return entry;
  DS_ASSIGN_OR_RETURN(const std::string bytes, file.ReadInflight(state));
  absl::StatusOr<InflightRegion> region =
      ParseInflightRegion(bytes, state.queue_size);
  if (!region.ok()) return AtRegion(state, region.status());
  entry["rings"] = region->packed ? "packed" : "split";
  entry["requests"] = region->requests();
  for (const InflightQueue& queue : region->queues) {
    Json requests = Json::array();
    for (const InflightRequest& request : queue.requests) {
      Json one = {{"head", request.head}, {"counter", request.counter}};
      for (const InflightDescriptor& descriptor : request.descriptors) {
        one["descriptors"].push_back({{"address", descriptor.address},
                                      {"length", descriptor.length},
                                      {"flags", descriptor.flags},
                                      {"id", descriptor.id}});
      }
      requests.push_back(std::move(one));
    }
    entry["queues"].push_back({{"started", queue.version != 0},
                               {"used_index", queue.used_index},
                               {"requests", std::move(requests)}});
  }
  return entry;
}

std::string IdOf(const Json& entry) {
  return absl::Utf8SafeCEscape(entry["id"].get<std::string>());
}

// Returns why the device's state does not convert; empty if it does.
std::string WhyNotConverted(QemuFile& file, const EmulatedDevice& device) {
  const absl::StatusOr<qemu::SavedDevice> saved = ReadSaved(file, device);
  if (!saved.ok()) return std::string(saved.status().message());
  NullSink sink;
  WriterOptions options;
  options.compression = Compression::Raw();
  const absl::StatusOr<ForeignReport> report =
      qemu::ImportDevice(*device.type, *saved, options, &sink);
  if (!report.ok()) return std::string(report.status().message());
  for (const Finding& finding : report->verdict.findings()) {
    if (finding.level() >= VERDICT_LEVEL_REFUSED) {
      return absl::StrCat(finding.path(), finding.path().empty() ? "" : ": ",
                          finding.text());
    }
  }
  return "";
}

Json DescribeEmulated(QemuFile& file) {
  Json devices = Json::array();
  for (const EmulatedDevice& device : EmulatedDevices(file)) {
    const std::string why_not = WhyNotConverted(file, device);
    devices.push_back({{"device", device.section->device},
                       {"instance", device.section->instance},
                       {"id", device.section->Id()},
                       {"offset", device.section->offset},
                       {"bytes", device.section->field.size},
                       {"schema", std::string(device.type->schema)},
                       {"convertible", why_not.empty()},
                       {"remedy", why_not}});
  }
  return devices;
}

// Prints the emulated devices, each with the command that converts it.
void PrintEmulated(const Json& emulated, const std::string& file) {
  for (const Json& entry : emulated) {
    absl::PrintF("%-32s %12d bytes  %-9s at 0x%x\n", IdOf(entry),
                 entry["bytes"].get<uint64_t>(), "emulated",
                 entry["offset"].get<uint64_t>());
    if (entry["convertible"].get<bool>()) {
      absl::PrintF(
          "  devstate convert %s --from qemu --device %s --to %s -o FILE\n",
          absl::Utf8SafeCEscape(file), IdOf(entry),
          entry["schema"].get<std::string>());
    } else {
      absl::PrintF("  does not convert to %s: %s\n",
                   entry["schema"].get<std::string>(),
                   entry["remedy"].get<std::string>());
    }
  }
}

void PrintJson(const Json& json) {
  absl::PrintF("%s\n", json.dump(2, ' ', /*ensure_ascii=*/true,
                                 Json::error_handler_t::replace));
}

absl::Status List(const QemuFlags& flags) {
  Json devices;
  Json inflight = Json::array();
  Json emulated = Json::array();
  if (IsSnapshot(flags.file)) {
    DS_ASSIGN_OR_RETURN(devices, DescribeSnapshot(flags.file));
  } else {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                        OpenQemuFile(flags.file));
    DS_ASSIGN_OR_RETURN(devices, DescribeStates(*file));
    for (const InflightState& state : file->inflight()) {
      absl::StatusOr<Json> entry = DescribeRegion(*file, state);
      // What is wrong with one device leaves the others as they are.
      if (!entry.ok()) {
        Json damaged = DescribeRegionFromOutside(state);
        damaged["remedy"] = std::string(entry.status().message());
        entry = std::move(damaged);
      }
      inflight.push_back(*std::move(entry));
    }
    emulated = DescribeEmulated(*file);
  }
  if (flags.format == "json") {
    PrintJson({{"devices", std::move(devices)},
               {"inflight", std::move(inflight)},
               {"emulated", std::move(emulated)}});
    return absl::OkStatus();
  }
  for (const Json& device : devices) {
    absl::PrintF(
        "%-32s %12d bytes  %-9s%s\n", IdOf(device),
        device["bytes"].get<uint64_t>(), device["kind"].get<std::string>(),
        device["offset"].is_null()
            ? ""
            : absl::StrFormat(" at 0x%x", device["offset"].get<uint64_t>()));
  }
  if (devices.empty()) absl::PrintF("no device has a back-end's state\n");
  for (const Json& entry : inflight) {
    absl::PrintF("%-32s %12d bytes  %-9s at 0x%x: %d requests\n", IdOf(entry),
                 entry["bytes"].get<uint64_t>(), "inflight",
                 entry["offset"].get<uint64_t>(),
                 entry["requests"].get<uint64_t>());
    PrintRemedy(entry);
  }
  PrintEmulated(emulated, flags.file);
  return absl::OkStatus();
}

// Returns whether QEMU loads the file.
absl::StatusOr<bool> ShowInflight(const QemuFlags& flags) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenQemuFile(flags.file));
  Json entries = Json::array();
  bool loadable = true;
  for (const InflightState& state : file->inflight()) {
    if (!flags.device.empty() && state.Id() != flags.device) continue;
    DS_ASSIGN_OR_RETURN(Json entry, DescribeRegion(*file, state));
    loadable = loadable && entry["loadable"].get<bool>();
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) {
    return absl::NotFoundError(
        flags.device.empty()
            ? "no device in this file has requests in flight: only a "
              "vhost-user-blk device with inflight-migration=on sends them "
              "(QEMU 11.0 and later)"
            : "no such device has requests in flight; `devstate qemu list` "
              "names those that have");
  }
  if (flags.format == "json") {
    PrintJson({{"inflight", std::move(entries)}});
    return loadable;
  }
  for (const Json& entry : entries) {
    absl::PrintF("%s: %d requests in flight in %d queues of %d%s\n",
                 IdOf(entry), entry["requests"].get<uint64_t>(),
                 entry["queues"].size(), entry["queue_size"].get<int>(),
                 entry["loadable"].get<bool>()
                     ? absl::StrCat(", ", entry["rings"].get<std::string>())
                     : "");
    PrintRemedy(entry);
    for (size_t i = 0; i < entry["queues"].size(); ++i) {
      for (const Json& request : entry["queues"][i]["requests"]) {
        absl::PrintF("  queue %d  head %5d  counter %d\n", i,
                     request["head"].get<int>(),
                     request["counter"].get<uint64_t>());
        if (!request.contains("descriptors")) continue;
        for (const Json& descriptor : request["descriptors"]) {
          absl::PrintF("    0x%016x  %d bytes  flags 0x%x  id %d\n",
                       descriptor["address"].get<uint64_t>(),
                       descriptor["length"].get<uint32_t>(),
                       descriptor["flags"].get<int>(),
                       descriptor["id"].get<int>());
        }
      }
    }
  }
  return loadable;
}

absl::Status Extract(const QemuFlags& flags) {
  // Whatever is no file with devices has an error of its own.
  if (!IsReadOnce(flags.file) && KindOfFile(flags.file) == FileKind::kOther) {
    DS_RETURN_IF_ERROR(OpenQemuFile(flags.file).status());
  }
  DS_ASSIGN_OR_RETURN(const StateInput input,
                      OpenState({flags.file, flags.device}));
  if (input.device.empty()) {
    return absl::FailedPreconditionError(
        "a state by itself or other bytes, and no QEMU migration file");
  }
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.file}));
  std::string buffer(256 << 10, '\0');
  uint64_t bytes = 0;
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        input.source->Read(&buffer[0], buffer.size()));
    if (got == 0) break;
    bytes += got;
    DS_RETURN_IF_ERROR(output->Write(absl::string_view(buffer).substr(0, got)));
  }
  DS_RETURN_IF_ERROR(output->Commit());
  absl::FPrintF(stderr, "extracted %d bytes of %s\n", bytes,
                absl::Utf8SafeCEscape(input.device));
  return absl::OkStatus();
}

absl::StatusOr<StateInput> OpenReplacement(const std::string& file) {
  // Any bytes are somebody's state: nothing else would bound their number.
  DS_RETURN_IF_ERROR(CheckNoDevice(file));
  return OpenState({file, ""}, StateUse::kHandOn);
}

// Returns the device if it is a network device that QEMU emulates, to which a
// state can be added; null otherwise.
const VirtioSection* FindWithoutState(const QemuFile& file,
                                      absl::string_view device) {
  for (const EmulatedDevice& found : EmulatedDevices(file)) {
    if (found.section->Id() == device && found.type == &qemu::EmulatedNet()) {
      return found.section;
    }
  }
  return nullptr;
}

// Returns all of the source, which goes into a field of QEMU's.
absl::StatusOr<std::string> ReadWhole(ByteSource& source) {
  std::string bytes;
  while (true) {
    DS_ASSIGN_OR_RETURN(const std::string piece, ReadHead(source, 64 << 10));
    bytes += piece;
    if (bytes.size() > kMaxVirtioField) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxVirtioField,
                       " bytes, the limit for a state that is added"));
    }
    if (piece.size() < 64 << 10) return bytes;
  }
}

absl::Status Inject(const QemuFlags& flags, StateInput& replacement) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenQemuFile(flags.file, /*to_be_changed=*/true));
  const VirtioSection* const bare = FindWithoutState(*file, flags.device);
  const BackendState* state = nullptr;
  if (bare == nullptr) {
    DS_ASSIGN_OR_RETURN(state, file->Find(flags.device));
  }
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      // The migration file itself may be replaced: the new
      // one is the old one with another state.
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.state}));
  PlacedSource source(*replacement.source,
                      [&replacement](const absl::Status& status) {
                        return AboutFile(replacement.name, status);
                      });
  if (bare == nullptr) {
    DS_RETURN_IF_ERROR(file->Inject(*state, source, *output));
  } else {
    DS_ASSIGN_OR_RETURN(const std::string added, ReadWhole(source));
    DS_ASSIGN_OR_RETURN(const std::string saved, file->ReadVirtio(*bare));
    DS_ASSIGN_OR_RETURN(const std::string bytes,
                        qemu::AddBackendState(saved, added));
    DS_RETURN_IF_ERROR(file->ReplaceVirtio(*bare, bytes, *output));
  }
  DS_RETURN_IF_ERROR(output->Commit());
  absl::FPrintF(
      stderr, "%s %s\n",
      bare == nullptr ? "replaced the state of" : "added a state to",
      absl::Utf8SafeCEscape(bare == nullptr ? state->Id() : bare->Id()));
  return absl::OkStatus();
}

void DefineList(Command& qemu) {
  Command& verb = qemu.AddVerb("list", "List the devices that have a state");
  auto flags = std::make_shared<QemuFlags>();
  verb.AddOption("FILE", &flags->file, kFileHelp).Required();
  verb.AddOption("--format", &flags->format, "text or json")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.footer = ExitCodesText({{kExitOk},
                               {kExitUsageOrIo,
                                "usage, I/O or not a QEMU migration file"},
                               {kExitDamaged}}) +
                "Example: devstate qemu list vm.mig";
  verb.run = [flags] {
    const absl::Status status = List(*flags);
    return status.ok() ? kExitOk : PrintFileError(flags->file, status);
  };
}

void DefineExtract(Command& qemu) {
  Command& verb = qemu.AddVerb("extract", "Write the state of one device");
  auto flags = std::make_shared<QemuFlags>();
  verb.AddOption("FILE", &flags->file, kFileHelp).Required();
  verb.AddOption("--device", &flags->device, kDeviceHelp);
  verb.AddOption("-o,--output", &flags->output,
                 "File to write, - for standard output")
      .Required();
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, kFileOrDevice}, {kExitDamaged}}) +
      "Example: devstate qemu extract vm.mig --device "
      "0000:00:01.0/vhost-user-fs -o fs0.dstate";
  verb.run = [flags] {
    const absl::Status status = Extract(*flags);
    return status.ok() ? kExitOk : PrintFileError(flags->file, status);
  };
}

void DefineInflight(Command& qemu) {
  Command& verb = qemu.AddVerb(
      "inflight", "Show the requests in flight of vhost-user-blk devices");
  auto flags = std::make_shared<QemuFlags>();
  verb.AddOption("FILE", &flags->file, kFileHelp).Required();
  verb.AddOption("--device", &flags->device,
                 "The device, as list names it; all of them without it");
  verb.AddOption("--format", &flags->format, "text or json")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.footer = ExitCodesText({{kExitOk},
                               {kExitRefused, "QEMU does not load this file"},
                               {kExitUsageOrIo, kFileOrDevice},
                               {kExitDamaged}}) +
                "Example: devstate qemu inflight vm.mig --device "
                "0000:00:02.0/vhost-user-blk";
  verb.run = [flags] {
    const absl::StatusOr<bool> loadable = ShowInflight(*flags);
    if (!loadable.ok()) return PrintFileError(flags->file, loadable.status());
    return *loadable ? kExitOk : kExitRefused;
  };
}

void DefineInject(Command& qemu) {
  Command& verb = qemu.AddVerb(
      "inject", "Write a migration file with another state of one device");
  auto flags = std::make_shared<QemuFlags>();
  verb.AddOption("FILE", &flags->file, kFileHelp).Required();
  verb.AddOption("STATE", &flags->state, "New state, - for standard input")
      .Required();
  verb.AddOption("--device", &flags->device, kDeviceHelp);
  verb.AddOption("-o,--output", &flags->output,
                 "File to write, - for standard output")
      .Required();
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, kFileOrDevice}, {kExitDamaged}}) +
      "Example: devstate qemu inject vm.mig fs0.dstate -o vm-new.mig";
  verb.run = [flags] {
    absl::StatusOr<StateInput> replacement = OpenReplacement(flags->state);
    if (!replacement.ok()) {
      return PrintFileError(flags->state, replacement.status());
    }
    const absl::Status status = Inject(*flags, *replacement);
    return status.ok() ? kExitOk : PrintFileError(flags->file, status);
  };
}

void Define(Command& verb) {
  DefineList(verb);
  DefineExtract(verb);
  DefineInflight(verb);
  DefineInject(verb);
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, kFileOrDevice}, {kExitDamaged}}) +
      "A migration file is read from its end: one that comes through a pipe, "
      "or "
      "is\n"
      "compressed, goes into a file in $TMPDIR first, but for inject.\n"
      "Example: devstate qemu list vm.mig";
}

const VerbRegistration kRegistration(
    "qemu", "List, extract and replace states in a QEMU migration file",
    Define);

}  // namespace
}  // namespace devstate
