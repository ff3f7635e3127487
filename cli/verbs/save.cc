// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate save: the state of a running back-end into a file.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "cli/live_backend.h"
#include "cli/progress.h"
#include "cli/stream_file.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct SaveFlags {
  std::string socket;
  std::string output;
  LiveFlags live;
};

absl::Status Run(const SaveFlags& flags) {
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         /*inputs=*/{}));
  Progress progress("saving");
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> backend,
      ConnectBackend(flags.socket, flags.live,
                     [&progress](uint64_t bytes) { progress.Update(bytes); }));
  const absl::StatusOr<vhost_user::TransferResult> result =
      backend->SaveState(flags.live.channel_kind(), *output);
  DS_RETURN_IF_ERROR(AtSocket(flags.socket, result.status()));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.socket, *result));
  DS_RETURN_IF_ERROR(output->Commit());
  progress.Clear();
  absl::FPrintF(stderr, "saved %d bytes, %s by the back-end\n", result->bytes,
                Painted("accepted", Colour::kGreen, STDERR_FILENO));
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<SaveFlags>();
  verb.AddOption("--socket", &flags->socket, "The back-end's socket")
      .Required();
  verb.AddOption("-o,--output", &flags->output,
                 "File to write, - for standard output")
      .Required();
  flags->live.AddTo(verb);
  verb.footer = ExitCodesText({{kExitOk, "accepted"},
                               {kExitRefused, "refused by the back-end"},
                               {kExitUsageOrIo}}) +
                "Example: devstate save --socket /run/fs0.sock -o fs0.dstate";
  verb.run = [flags] {
    const absl::Status status = Run(*flags);
    return status.ok() ? kExitOk : PrintLiveError(status);
  };
}

const VerbRegistration kRegistration(
    "save", "Save the state of a running, suspended back-end", Define);

}  // namespace
}  // namespace devstate
