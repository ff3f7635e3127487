// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate verify: whether a stream is whole.

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "cli/state_input.h"
#include "cli/verb.h"
#include "serializer/stream_reader.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

absl::Status Run(const StateInput& input) {
  StreamReader reader(input.source.get());
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
  }
  absl::PrintF(
      "%s: whole: %d chunks, %d records, %d bytes, %d before compression\n",
      input.name, reader.chunks(), reader.records(), reader.offset(),
      reader.decoded_bytes());
  return absl::OkStatus();
}

}  // namespace

void AddVerify(CLI::App& app, int* exit_code) {
  CLI::App* verb = app.add_subcommand(
      "verify", "Check every checksum, count and the order of a stream");
  auto flags = std::make_shared<StateInputFlags>();
  flags->AddTo(*verb);
  verb->footer(
      "Exit codes: 0 whole, 1 of a newer format, 2 not readable, 3 damaged.\n"
      "Example: devstate verify fs0.dstate");
  verb->callback([flags, exit_code] { *exit_code = WithState(*flags, Run); });
}

}  // namespace devstate
