// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate load: a state from a file into a running back-end.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/live_backend.h"
#include "cli/progress.h"
#include "cli/stream_file.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct LoadFlags {
  std::string socket;
  std::string file;
  LiveFlags live;
};

absl::Status Run(const LoadFlags& flags) {
  absl::StatusOr<std::shared_ptr<ByteSource>> input = OpenInput(flags.file);
  if (!input.ok()) {
    return absl::UnavailableError(
        absl::StrCat(flags.file, ": ", input.status().message()));
  }
  Progress progress("loading", FileSize(flags.file));
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<FrontendEndpoint> backend,
      ConnectBackend(flags.socket, flags.live,
                     [&progress](uint64_t bytes) { progress.Update(bytes); }));
  DS_ASSIGN_OR_RETURN(const TransferResult result,
                      backend->LoadState(flags.live.channel_kind(), **input));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.socket, result));
  progress.Clear();
  absl::FPrintF(stderr, "loaded %d bytes, %s by the back-end\n", result.bytes,
                Painted("accepted", Colour::kGreen, STDERR_FILENO));
  return absl::OkStatus();
}

}  // namespace

void AddLoad(CLI::App& app, int* exit_code) {
  CLI::App* verb = app.add_subcommand(
      "load", "Load a state into a running, suspended back-end");
  auto flags = std::make_shared<LoadFlags>();
  verb->add_option("--socket", flags->socket, "The back-end's socket")
      ->required();
  verb->add_option("FILE", flags->file, "State, - for standard input")
      ->required();
  flags->live.AddTo(*verb);
  verb->footer(
      "Exit codes: 0 accepted, 1 refused by the back-end, 2 usage or I/O.\n"
      "Example: devstate load --socket /run/fs1.sock fs0.dstate");
  verb->callback([flags, exit_code] {
    const absl::Status status = Run(*flags);
    if (!status.ok()) *exit_code = PrintLiveError(status);
  });
}

}  // namespace devstate
