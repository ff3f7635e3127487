// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate qemu: the states of back-ends in a QEMU migration file.
//
// The three verbs work on the file and need no schema. Any bytes may replace a
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
#include "cli/error_place.h"
#include "cli/state_input.h"
#include "cli/state_kind.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/foreign/containers/qemu/qemu_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

constexpr char kFileHelp[] = "QEMU migration file";
constexpr char kDeviceHelp[] =
    "The device, as list names it; may be left out if there is but one";

constexpr char kFileOrDevice[] =
    "usage, I/O, not a QEMU migration file or no such device";

struct QemuFlags {
  std::string file;
  std::string device;
  std::string format = "text";
  std::string state;
  std::string output;
};

absl::StatusOr<std::unique_ptr<QemuFile>> OpenFile(const std::string& name) {
  DS_ASSIGN_OR_RETURN(FileDescriptor fd, OpenForReading(name));
  DS_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccess> bytes,
                      OpenRandomAccess(std::move(fd)));
  return QemuFile::Open(std::move(bytes));
}

absl::Status List(const QemuFlags& flags) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenFile(flags.file));
  nlohmann::ordered_json devices = nlohmann::ordered_json::array();
  for (const BackendState& state : file->states()) {
    DS_ASSIGN_OR_RETURN(const absl::string_view kind, KindOf([&] {
                          return absl::StatusOr<std::shared_ptr<ByteSource>>(
                              file->OpenState(state));
                        }));
    if (flags.format == "text") {
      absl::PrintF("%-32s %12d bytes  %-9s at 0x%x\n",
                   absl::Utf8SafeCEscape(state.Id()), state.bytes, kind,
                   state.offset);
    }
    devices.push_back({{"device", state.device},
                       {"instance", state.instance},
                       {"offset", state.offset},
                       {"bytes", state.bytes},
                       {"kind", std::string(kind)}});
  }
  if (flags.format == "json") {
    absl::PrintF("%s\n",
                 nlohmann::ordered_json({{"devices", std::move(devices)}})
                     .dump(2, ' ', /*ensure_ascii=*/true,
                           nlohmann::ordered_json::error_handler_t::replace));
  } else if (devices.empty()) {
    absl::PrintF("no device has a back-end's state\n");
  }
  return absl::OkStatus();
}

absl::Status Extract(const QemuFlags& flags) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenFile(flags.file));
  DS_ASSIGN_OR_RETURN(const BackendState* const state,
                      file->Find(flags.device));
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.file}));
  const std::unique_ptr<ByteSource> source = file->OpenState(*state);
  std::string buffer(256 << 10, '\0');
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t got,
                        source->Read(&buffer[0], buffer.size()));
    if (got == 0) break;
    DS_RETURN_IF_ERROR(output->Write(absl::string_view(buffer).substr(0, got)));
  }
  DS_RETURN_IF_ERROR(output->Commit());
  absl::FPrintF(stderr, "extracted %d bytes of %s\n", state->bytes,
                absl::Utf8SafeCEscape(state->Id()));
  return absl::OkStatus();
}

absl::StatusOr<StateInput> OpenReplacement(const std::string& file) {
  // Any bytes are somebody's state: nothing else would bound their number.
  DS_RETURN_IF_ERROR(CheckNoDevice(file));
  return OpenState({file, ""});
}

absl::Status Inject(const QemuFlags& flags, StateInput& replacement) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenFile(flags.file));
  DS_ASSIGN_OR_RETURN(const BackendState* const state,
                      file->Find(flags.device));
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
  DS_RETURN_IF_ERROR(file->Inject(*state, source, *output));
  DS_RETURN_IF_ERROR(output->Commit());
  absl::FPrintF(stderr, "replaced the state of %s\n",
                absl::Utf8SafeCEscape(state->Id()));
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
  DefineInject(verb);
  verb.footer =
      ExitCodesText(
          {{kExitOk}, {kExitUsageOrIo, kFileOrDevice}, {kExitDamaged}}) +
      "A migration file is read from its end: it cannot come through a pipe.\n"
      "Example: devstate qemu list vm.mig";
}

const VerbRegistration kRegistration(
    "qemu", "List, extract and replace states in a QEMU migration file",
    Define);

}  // namespace
}  // namespace devstate
