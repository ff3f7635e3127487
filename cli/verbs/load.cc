// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate load: a state from a file into a running back-end.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "cli/error_place.h"
#include "cli/live_backend.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/foreign/foreign_formats.h"
#include "devstate/foreign/state_kind.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct LoadFlags {
  std::string socket;
  StateInputFlags input;
  LiveFlags live;
};

// A back-end made with devstate takes a state in a foreign format for none. Its
// log may be on another host, but the state is here.
absl::Status WithWayOn(const StateInputFlags& input, absl::Status refused) {
  if (!absl::StrContains(refused.message(), "[not-a-stream]")) return refused;
  const absl::StatusOr<absl::string_view> kind =
      KindOf([&input]() -> absl::StatusOr<std::shared_ptr<ByteSource>> {
        DS_ASSIGN_OR_RETURN(StateInput again,
                            OpenState(input, StateUse::kHandOn));
        return std::move(again.source);
      });
  const ForeignFormat* const format =
      kind.ok() ? FindForeignFormat(*kind) : nullptr;
  if (format == nullptr || format->schema.empty()) return refused;
  return absl::Status(
      refused.code(),
      absl::StrCat(refused.message(), ". The state is one of ", format->name,
                   ": devstate convert FILE --to ", format->schema,
                   " -o STREAM"));
}

absl::Status Run(const LoadFlags& flags, const StateInput& input) {
  Progress progress("loading", input.size);
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> backend,
      ConnectBackend(flags.socket, flags.live,
                     [&progress](uint64_t bytes) { progress.Update(bytes); }));
  PlacedSource state(*input.source, [&input](const absl::Status& status) {
    return AboutFile(input.name, status);
  });
  const absl::StatusOr<vhost_user::TransferResult> result =
      backend->LoadState(flags.live.channel_kind(), state);
  DS_RETURN_IF_ERROR(AtSocket(flags.socket, result.status()));
  DS_RETURN_IF_ERROR(
      WithWayOn(flags.input, CheckTransfer(flags.socket, *result)));
  progress.Clear();
  absl::FPrintF(stderr, "loaded %d bytes, %s by the back-end\n", result->bytes,
                Painted("accepted", Colour::kGreen, STDERR_FILENO));
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<LoadFlags>();
  verb.AddOption("--socket", &flags->socket, "The back-end's socket")
      .Required();
  flags->input.AddTo(verb);
  flags->live.AddTo(verb);
  verb.footer =
      "The bytes go to the back-end as they are, whatever their format.\n" +
      ExitCodesText({{kExitOk, "accepted"},
                     {kExitRefused, "refused by the back-end"},
                     {kExitUsageOrIo},
                     {kExitDamaged, "a damaged QEMU migration file"}}) +
      "Example: devstate load --socket /run/fs1.sock fs0.dstate";
  verb.run = [flags] {
    const absl::StatusOr<StateInput> input =
        OpenState(flags->input, StateUse::kHandOn);
    if (!input.ok()) {
      return PrintFileError(flags->input.file, input.status());
    }
    const absl::Status status = Run(*flags, *input);
    return status.ok() ? kExitOk : PrintLiveError(status);
  };
}

const VerbRegistration kRegistration(
    "load", "Load a state into a running, suspended back-end", Define);

}  // namespace
}  // namespace devstate
