// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate convert: a foreign state to a portable one, and back.
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
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/foreign_state.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/serializer/compression.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// The word of the progress.
constexpr char kProgress[] = "converting";

struct ConvertFlags {
  StateInputFlags input;
  std::string output;
  std::string from;
  std::string to;
  std::string version;
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
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Writes the output if the report on the input `name` says so, and returns the
// exit code.
int Finish(const ConvertFlags& flags, absl::string_view name,
           absl::string_view what, const absl::StatusOr<ForeignReport>& report,
           OutputFile* output) {
  if (!report.ok()) {
    const int exit_code = PrintFileError(name, report.status());
    // A stream of another schema.
    return absl::IsFailedPrecondition(report.status()) ? kExitRefused
                                                       : exit_code;
  }
  const int exit_code = PrintForeignFindings(name, *report);
  if (exit_code != kExitOk) return exit_code;
  if (const absl::Status status = output->Commit(); !status.ok()) {
    return PrintFileError(flags.output, status);
  }
  absl::FPrintF(stderr, "converted %d records in %d bytes, %s\n",
                report->records, report->bytes, what);
  return kExitOk;
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
  if (format == nullptr || format->schema != flags.to) {
    return PrintUsageError(absl::StrCat(
        "no conversion from ",
        format == nullptr ? absl::string_view(flags.from) : format->name,
        " to ", flags.to));
  }
  WriterOptions options;
  options.implementation.name = "devstate convert";
  const absl::StatusOr<Compression> compression =
      Compression::Parse(flags.compression);
  if (!compression.ok()) {
    return PrintUsageError(
        absl::StrCat("--compression: ", compression.status().message()));
  }
  options.compression = *compression;
  const absl::StatusOr<ForeignReport> report =
      format->import_state(input.Opening(kProgress), options, output);
  return Finish(flags, name,
                report.ok() ? absl::StrCat(format->name, " ", report->version,
                                           ", to ", format->schema)
                            : "",
                report, output);
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
  return Finish(flags, input.name(),
                absl::StrCat(format.schema, ", to ", format.name, " ", version),
                report, output);
}

int Run(const ConvertFlags& flags) {
  const ForeignFormat* const target = FindForeignFormat(flags.to);
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
                 "Format or schema of IN, if it shall not be recognised")
      .OneOf(Names(/*to=*/false));
  verb.AddOption("--version", &flags->version,
                 "Version of the foreign format to write; default: the "
                 "newest")
      .Value("V1|V2");
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
      "fs0.state";
  verb.run = [flags] { return Run(*flags); };
}

const VerbRegistration kRegistration(
    "convert", "Convert a foreign state to a portable one, and back", Define);

}  // namespace
}  // namespace devstate
