// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate verify: whether a stream, or a foreign state, is whole.

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "cli/foreign_state.h"
#include "cli/progress.h"
#include "cli/repeatable_input.h"
#include "cli/state_input.h"
#include "cli/state_kind.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

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
      "%s: %s: %d chunks, %d records, %d bytes, %d before compression\n", name,
      Painted("whole", Colour::kGreen, STDOUT_FILENO), reader.chunks(),
      reader.records(), reader.offset(), reader.decoded_bytes());
  return absl::OkStatus();
}

absl::StatusOr<int> Verify(RepeatableInput& repeatable) {
  const std::string& name = repeatable.name();
  DS_ASSIGN_OR_RETURN(const Recognised recognised,
                      Recognise([&repeatable] { return repeatable.Open(); }));
  const ForeignFormat* const format = recognised.format;
  if (format == nullptr) {
    DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream,
                        repeatable.OpenLast());
    const std::shared_ptr<ByteSource> source =
        WithProgress(std::move(stream), "verifying", repeatable.size());
    DS_RETURN_IF_ERROR(VerifyStream(name, source.get()));
    return kExitOk;
  }
  DS_ASSIGN_OR_RETURN(const ForeignReport report,
                      format->check(repeatable.Opening("verifying")));
  const int exit_code = PrintForeignFindings(name, report);
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
  auto flags = std::make_shared<StateInputFlags>();
  flags->AddTo(*verb);
  verb->footer(
      "Exit codes: 0 whole, 1 of a newer format or refused, 2 not readable, 3 "
      "damaged.\n"
      "Example: devstate verify fs0.dstate");
  verb->callback(
      [flags, exit_code] { *exit_code = WithRepeatableInput(*flags, Verify); });
}

}  // namespace devstate
