// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate convert: a foreign state to a portable one, and back. QEMU's own
// state of a device is in a migration file, and goes back into one.
//
// The direction follows from --to. Without --from, the first bytes tell the
// foreign format. The findings are printed before the output is committed, so
// that a refused state leaves no file.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/control_queue_text.h"
#include "cli/error_place.h"
#include "cli/foreign_state.h"
#include "cli/qemu_input.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/state_message.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/foreign/states/crosvm/crosvm.h"
#include "devstate/foreign/states/opaque/envelope.h"
#include "devstate/foreign/states/qemu/emulated_device.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The word of the progress.
constexpr char kProgress[] = "converting";
// What --from and --to call a device that QEMU emulates.
constexpr char kQemu[] = "qemu";
// What --to calls the commands of a network device's control queue.
constexpr char kControlQueue[] = "control-queue";
// What --to calls the bytes of an envelope, as the back-end saved them.
constexpr char kOpaque[] = "opaque";

struct ConvertFlags {
  StateInputFlags input;
  std::string output;
  std::string from;
  std::string to;
  std::string version;
  std::string migration;
  std::string added;
  std::string compression = "automatic";
};

int PrintUsageError(absl::string_view message) {
  absl::FPrintF(stderr, "devstate: %s\n", message);
  return kExitUsageOrIo;
}

// Returns the names that --from or --to takes: formats and their schemas.
std::vector<std::string> Names(bool to) {
  std::vector<std::string> names;
  for (const ForeignFormat* format : ForeignFormats()) {
    if (to ? format->export_state != nullptr
           : format->import_state != nullptr) {
      names.emplace_back(format->name);
    }
    if (!format->schema.empty()) names.emplace_back(format->schema);
  }
  if (!to) names.emplace_back(crosvm::Format().name);
  for (const absl::string_view schema : crosvm::DeviceSchemas()) {
    names.emplace_back(schema);
  }
  for (const qemu::EmulatedType* type : qemu::EmulatedTypes()) {
    names.emplace_back(type->schema);
  }
  names.emplace_back(kQemu);
  if (to) names.insert(names.end(), {kControlQueue, kOpaque});
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Prints an error of a conversion, and returns the exit code.
int PrintConversionError(absl::string_view name, const absl::Status& status) {
  const int exit_code = PrintFileError(name, status);
  // A stream of another schema.
  return absl::IsFailedPrecondition(status) ? kExitRefused : exit_code;
}

// Writes the output if the report on the input `name` says so, and returns the
// exit code.
int Finish(const ConvertFlags& flags, absl::string_view name,
           absl::string_view what, const ForeignReport& report,
           OutputFile* output) {
  const int exit_code = PrintForeignFindings(name, report);
  if (exit_code != kExitOk) return exit_code;
  if (const absl::Status status = output->Commit(); !status.ok()) {
    return PrintFileError(flags.output, status);
  }
  absl::FPrintF(stderr, "converted %d records in %d bytes, %s\n",
                report.records, report.bytes, what);
  return kExitOk;
}

absl::StatusOr<WriterOptions> MakeWriterOptions(const ConvertFlags& flags) {
  WriterOptions options;
  options.implementation.name = "devstate convert";
  const absl::StatusOr<Compression> compression =
      Compression::Parse(flags.compression);
  if (!compression.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--compression: ", compression.status().message()));
  }
  options.compression = *compression;
  return options;
}

// Converts a device that QEMU emulates.
absl::StatusOr<ForeignReport> ImportFromQemu(const ConvertFlags& flags,
                                             const WriterOptions& options,
                                             std::string* name,
                                             OutputFile* output) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<QemuFile> file,
                      OpenQemuFile(flags.input.file));
  DS_ASSIGN_OR_RETURN(const EmulatedDevice device,
                      FindEmulated(*file, flags.input.device, flags.to));
  absl::StrAppendFormat(name, " (%s at 0x%x)",
                        absl::Utf8SafeCEscape(device.section->Id()),
                        device.section->offset);
  DS_ASSIGN_OR_RETURN(const qemu::SavedDevice saved, ReadSaved(*file, device));
  return qemu::ImportDevice(*device.type, saved, options, output);
}

std::string WritableSchemas() {
  std::vector<std::string> schemas;
  for (const qemu::EmulatedType* type : qemu::EmulatedTypes()) {
    if (type->write != nullptr) schemas.emplace_back(type->schema);
  }
  return absl::StrJoin(schemas, ", ");
}

// Returns the schema's name in the header of a stream.
absl::StatusOr<std::string> SchemaOf(ByteSource* source) {
  StreamReader reader(source);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  return header->schema;
}

struct Template {
  std::unique_ptr<QemuFile> file;
  EmulatedDevice device;
  // What QEMU has saved of it.
  std::string bytes;
};

// Opens the migration file --template, for a state of `schema`.
absl::StatusOr<Template> OpenTemplate(const ConvertFlags& flags,
                                      absl::string_view schema) {
  Template opened;
  DS_ASSIGN_OR_RETURN(opened.file,
                      OpenQemuFile(flags.migration, /*to_be_changed=*/true));
  DS_ASSIGN_OR_RETURN(opened.device,
                      FindEmulated(*opened.file, flags.input.device, schema));
  DS_ASSIGN_OR_RETURN(opened.bytes,
                      opened.file->ReadVirtio(*opened.device.section));
  return opened;
}

// Puts a state into the migration file --template, in place of what QEMU has
// saved of a device.
absl::StatusOr<ForeignReport> ExportToQemu(const ConvertFlags& flags,
                                           RepeatableInput& input,
                                           OutputFile* output) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> header, input.Open());
  DS_ASSIGN_OR_RETURN(const std::string schema, SchemaOf(header.get()));
  const absl::StatusOr<Template> opened = OpenTemplate(flags, schema);
  if (!opened.ok()) return AboutFile(flags.migration, opened.status());
  const EmulatedDevice& device = opened->device;
  if (device.type->write == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("states of ", schema, " do not convert to QEMU: those of ",
                     WritableSchemas(), " do"));
  }
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      input.OpenLast());
  DS_ASSIGN_OR_RETURN(
      qemu::ExportedDevice exported,
      qemu::ExportDevice(*device.type, opened->bytes, source.get()));
  if (!exported.report.refused()) {
    DS_RETURN_IF_ERROR(
        opened->file->ReplaceVirtio(*device.section, exported.bytes, *output));
  }
  return std::move(exported.report);
}

// Whether it is a device of crosvm that is to be converted.
bool IsOfCrosvm(const ForeignFormat& format, absl::string_view schema) {
  const auto& schemas = crosvm::DeviceSchemas();
  return &format == &crosvm::Format() &&
         std::find(schemas.begin(), schemas.end(), schema) != schemas.end();
}

crosvm::DeviceImport DeviceOf(const ConvertFlags& flags) {
  crosvm::DeviceImport device;
  device.schema = flags.to;
  if (flags.added.empty()) return device;
  device.add = [&flags](google::protobuf::Message* state) {
    const absl::Status parsed =
        ParseState(flags.added, StateFormat::kText, state);
    return parsed.ok()
               ? parsed
               : AboutFile("--add",
                           absl::InvalidArgumentError(parsed.message()));
  };
  return device;
}

int Import(const ConvertFlags& flags, RepeatableInput& input,
           OutputFile* output) {
  const std::string& name = input.name();
  const ForeignFormat* format = FindForeignFormat(flags.from);
  if (flags.from.empty()) {
    const absl::StatusOr<Recognised> recognised =
        Recognise([&input] { return input.Open(); });
    if (!recognised.ok()) {
      return PrintFileError(name, recognised.status());
    }
    if (recognised->is_stream) {
      return PrintUsageError(
          absl::StrCat(name,
                       " is a devstate stream already; --to names a foreign "
                       "format to convert it to"));
    }
    format = recognised->format;
    if (format == nullptr) {
      absl::FPrintF(stderr,
                    "devstate: %s: is in none of the foreign formats (%s)\n",
                    name,
                    absl::StrJoin(ForeignFormats(), ", ",
                                  [](std::string* out, const auto* known) {
                                    absl::StrAppend(out, known->name);
                                  }));
      return kExitDamaged;
    }
  }
  const bool of_crosvm = format != nullptr && IsOfCrosvm(*format, flags.to);
  if (format == nullptr || (format->schema != flags.to && !of_crosvm)) {
    return PrintUsageError(absl::StrCat(
        "no conversion from ",
        format == nullptr ? absl::string_view(flags.from) : format->name,
        " to ", flags.to));
  }
  const absl::StatusOr<WriterOptions> options = MakeWriterOptions(flags);
  if (!options.ok()) {
    return PrintUsageError(options.status().message());
  }
  if (!of_crosvm && !flags.added.empty()) {
    return PrintUsageError(absl::StrCat("--add is not for ", format->name,
                                        ", which has all of a state"));
  }
  const absl::StatusOr<ForeignReport> report =
      of_crosvm
          ? crosvm::ImportDevice(input.Opening(kProgress), DeviceOf(flags),
                                 *options, output)
          : format->import_state(input.Opening(kProgress), *options, output);
  if (!report.ok()) return PrintConversionError(name, report.status());
  return Finish(
      flags, name,
      absl::StrCat(format->name, " ", report->version, ", to ", flags.to),
      *report, output);
}

int Export(const ConvertFlags& flags, const ForeignFormat& format,
           RepeatableInput& input, OutputFile* output) {
  if (!flags.from.empty() && flags.from != format.schema) {
    return PrintUsageError(
        absl::StrCat("no conversion from ", flags.from, " to ", flags.to));
  }
  const absl::string_view version =
      flags.version.empty() ? format.versions.back() : flags.version;
  if (std::find(format.versions.begin(), format.versions.end(), version) ==
      format.versions.end()) {
    return PrintUsageError(absl::StrCat("--version ", version, ": ",
                                        format.name, " has the versions ",
                                        absl::StrJoin(format.versions, ", ")));
  }
  const absl::StatusOr<ForeignReport> report =
      format.export_state(input.Opening(kProgress), version, output);
  if (!report.ok()) return PrintConversionError(input.name(), report.status());
  return Finish(flags, input.name(),
                absl::StrCat(format.schema, ", to ", format.name, " ", version),
                *report, output);
}

// Converts from or to QEMU.
int RunQemu(const ConvertFlags& flags) {
  const bool to_qemu = flags.to == kQemu;
  if (to_qemu != !flags.migration.empty()) {
    return PrintUsageError(
        to_qemu ? "--to qemu needs --template: the migration file to put the "
                  "state into"
                : "--template is for --to qemu");
  }
  if (!flags.version.empty() || !flags.added.empty()) {
    return PrintUsageError("--version and --add are not for QEMU");
  }
  if (flags.from == (to_qemu ? kQemu : "")) {
    return PrintUsageError("no conversion from qemu to qemu");
  }
  const absl::StatusOr<WriterOptions> options = MakeWriterOptions(flags);
  if (!options.ok()) return PrintUsageError(options.status().message());
  const absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(
      flags.output, OutputFile::Content::kBinary, {flags.input.file});
  if (!output.ok()) return PrintFileError(flags.output, output.status());
  std::string name = flags.input.file;
  if (!to_qemu) {
    const absl::StatusOr<ForeignReport> report =
        ImportFromQemu(flags, *options, &name, output->get());
    if (!report.ok()) return PrintFileError(name, report.status());
    return Finish(flags, name, absl::StrCat("qemu, to ", flags.to), *report,
                  output->get());
  }
  // --device chooses in the template.
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
      RepeatableInput::Create({flags.input.file, ""});
  if (!input.ok()) return PrintFileError(name, input.status());
  const absl::StatusOr<ForeignReport> report =
      ExportToQemu(flags, **input, output->get());
  if (!report.ok()) return PrintFileError(name, report.status());
  return Finish(flags, name, "to qemu", *report, output->get());
}

// Whether there are options that say how the state is to be converted.
bool HasMore(const ConvertFlags& flags) {
  return !flags.from.empty() || !flags.version.empty() ||
         !flags.migration.empty() || !flags.added.empty();
}

absl::StatusOr<ControlQueueText> ReadControlQueue(RepeatableInput& input) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> stream,
                      input.OpenLast());
  return MakeControlQueueText(stream.get());
}

int RunControlQueue(const ConvertFlags& flags) {
  if (HasMore(flags)) {
    return PrintUsageError(
        "--to control-queue takes a state of devices.net.v1, without --from, "
        "--version, --template and --add: convert to that first");
  }
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
      RepeatableInput::Create(flags.input);
  if (!input.ok()) return PrintFileError(flags.input.file, input.status());
  const absl::StatusOr<ControlQueueText> text = ReadControlQueue(**input);
  if (!text.ok()) {
    return PrintConversionError((*input)->name(), text.status());
  }
  const absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(
      flags.output, OutputFile::Content::kText, {flags.input.file});
  if (!output.ok()) return PrintFileError(flags.output, output.status());
  for (const std::string& what : text->left_out) {
    absl::FPrintF(stderr, "devstate: left out: %s\n", what);
  }
  absl::Status status = (*output)->Write(text->commands);
  if (status.ok()) status = (*output)->Commit();
  return status.ok() ? kExitOk : PrintFileError(flags.output, status);
}

int RunOpaque(const ConvertFlags& flags) {
  if (HasMore(flags)) {
    return PrintUsageError(
        "--to opaque takes an envelope, without --from, --version, --template "
        "and --add");
  }
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> input =
      RepeatableInput::Create(flags.input);
  if (!input.ok()) return PrintFileError(flags.input.file, input.status());
  const absl::StatusOr<std::shared_ptr<ByteSource>> stream =
      (*input)->OpenLast();
  if (!stream.ok()) return PrintFileError((*input)->name(), stream.status());
  const absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(
      flags.output, OutputFile::Content::kBinary, {flags.input.file});
  if (!output.ok()) return PrintFileError(flags.output, output.status());
  const opaque::OpenedEnvelope opened =
      opaque::OpenEnvelope(stream->get(), output->get());
  if (!opened.status.ok()) {
    return PrintConversionError((*input)->name(), opened.status);
  }
  if (const absl::Status status = (*output)->Commit(); !status.ok()) {
    return PrintFileError(flags.output, status);
  }
  absl::FPrintF(stderr, "%d bytes, %s\n", opened.label.size(),
                opaque::LabelText(opened.label));
  return kExitOk;
}

int Run(const ConvertFlags& flags) {
  if (flags.to == kOpaque) return RunOpaque(flags);
  if (flags.to == kControlQueue) return RunControlQueue(flags);
  if (flags.from == kQemu || flags.to == kQemu || !flags.migration.empty()) {
    return RunQemu(flags);
  }
  const ForeignFormat* const target = FindForeignFormat(flags.to);
  if (target != nullptr && !flags.added.empty()) {
    return PrintUsageError("--add is for a schema, and --to names a format");
  }
  if (target == nullptr && !flags.version.empty()) {
    return PrintUsageError(absl::StrCat(
        "--version is for a foreign format, and ", flags.to, " is a schema"));
  }
  const absl::StatusOr<std::unique_ptr<RepeatableInput>> repeatable =
      RepeatableInput::Create(flags.input);
  if (!repeatable.ok()) {
    return PrintFileError(flags.input.file, repeatable.status());
  }
  const absl::StatusOr<std::unique_ptr<OutputFile>> output = OutputFile::Create(
      flags.output, OutputFile::Content::kBinary, {flags.input.file});
  if (!output.ok()) return PrintFileError(flags.output, output.status());
  return target == nullptr
             ? Import(flags, **repeatable, output->get())
             : Export(flags, *target, **repeatable, output->get());
}

void Define(Command& verb) {
  auto flags = std::make_shared<ConvertFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("-o,--output", &flags->output,
                 "File to write, - for standard output")
      .Required();
  verb.AddOption("--to", &flags->to, "Format or schema to convert to")
      .OneOf(Names(/*to=*/true))
      .Required();
  verb.AddOption("--from", &flags->from,
                 "Format or schema of FILE, if it shall not be recognised")
      .OneOf(Names(/*to=*/false));
  verb.AddOption("--version", &flags->version,
                 "Version of the foreign format to write; default: the "
                 "newest")
      .Value("V1|V2");
  verb.AddOption(
          "--template", &flags->migration,
          "For --to qemu: migration file to put the state into, in place "
          "of what it has of --device")
      .Value("FILE");
  verb.AddOption("--add", &flags->added,
                 "For --from crosvm: what the state does not have, in protobuf "
                 "text of the schema")
      .Value("TEXT");
  verb.AddOption("--compression", &flags->compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  verb.footer =
      "Findings go to standard error, one line each; nothing is written if "
      "the\n"
      "state is refused. docs/foreign_states.md has the formats.\n" +
      ExitCodesText({{kExitOk, "converted"},
                     {kExitRefused},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate convert fs0.state --to devices.fs.v1 -o fs0.dstate\n"
      "         devstate convert fs0.dstate --to virtiofsd --version V1 -o "
      "fs0.state\n"
      "         devstate convert blk0.state --to devices.blk.v1 --add 'config "
      "{ "
      "capacity: 2097152 }' -o blk0.dstate\n"
      "         devstate convert net0.dstate --to opaque -o net0.state\n"
      "         devstate convert vm.mig --from qemu --device "
      "0000:00:02.0/virtio-net --to devices.net.v1 -o net0.dstate\n"
      "         devstate convert net0.dstate --to qemu --template vm.mig "
      "--device 0000:00:02.0/virtio-net -o new.mig";
  verb.run = [flags] { return Run(*flags); };
}

const VerbRegistration kRegistration(
    "convert", "Convert a foreign state to a portable one, and back", Define);

}  // namespace
}  // namespace devstate
