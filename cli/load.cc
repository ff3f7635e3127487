// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate load: a state from a file into a running back-end.

#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/live_backend.h"
#include "cli/stream_file.h"
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
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<FrontendEndpoint> backend,
                      ConnectBackend(flags.socket, flags.live));
  DS_ASSIGN_OR_RETURN(const TransferResult result,
                      backend->LoadState(flags.live.channel_kind(), **input));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.socket, result));
  absl::FPrintF(stderr, "loaded %d bytes, accepted by the back-end\n",
                result.bytes);
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
  verb->footer("Example: devstate load --socket /run/fs1.sock fs0.dstate");
  verb->callback([flags, exit_code] {
    const absl::Status status = Run(*flags);
    if (!status.ok()) *exit_code = PrintLiveError(status);
  });
}

}  // namespace devstate
