// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate verify: whether a stream, or a foreign state, is whole.

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "cli/foreign_state.h"
#include "cli/repeatable_input.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "serializer/stream_reader.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

absl::Status VerifyStream(absl::string_view name, ByteSource* source) {
  StreamReader reader(source);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
  }
  absl::PrintF(
      "%s: whole: %d chunks, %d records, %d bytes, %d before compression\n",
      name, reader.chunks(), reader.records(), reader.offset(),
      reader.decoded_bytes());
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const std::string& file) {
  const absl::string_view name = file == "-" ? "(stdin)" : file;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<RepeatableInput> repeatable,
                      RepeatableInput::Create(file));
  const OpenSource input = [&] { return repeatable->Open(); };
  DS_ASSIGN_OR_RETURN(const Recognised recognised, Recognise(input));
  const ForeignFormat* const format = recognised.format;
  if (format == nullptr) {
    DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                        repeatable->OpenLast());
    DS_RETURN_IF_ERROR(VerifyStream(name, source.get()));
    return kExitOk;
  }
  DS_ASSIGN_OR_RETURN(const ForeignReport report, format->check(input));
  const int exit_code = PrintForeignFindings(file, report);
  if (exit_code == kExitOk) {
    absl::PrintF("%s: whole: a state of %s %s, %d records, %d bytes\n", name,
                 format->name, report.version, report.records, report.bytes);
  }
  return exit_code;
}

}  // namespace

void AddVerify(CLI::App& app, int* exit_code) {
  CLI::App* verb = app.add_subcommand(
      "verify",
      "Check every checksum, count and the order of a stream, or the records "
      "of a foreign state");
  auto file = std::make_shared<std::string>();
  verb->add_option("FILE", *file, "Stream, - for standard input")->required();
  verb->footer(
      "Exit codes: 0 whole, 1 of a newer format or refused, 2 not readable, 3 "
      "damaged.\n"
      "Example: devstate verify fs0.dstate");
  verb->callback([file, exit_code] {
    const absl::StatusOr<int> result = Run(*file);
    *exit_code = result.ok() ? *result : PrintFileError(*file, result.status());
  });
}

}  // namespace devstate
