// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate migrate: the state of one running back-end into another.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "cli/error_place.h"
#include "cli/live_backend.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct MigrateFlags {
  std::string from;
  std::string to;
  LiveFlags live;
};

absl::Status Run(const MigrateFlags& flags) {
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> source,
      ConnectBackend(flags.from, flags.live));
  Progress progress("migrating");
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> destination,
      ConnectBackend(flags.to, flags.live,
                     [&progress](uint64_t bytes) { progress.Update(bytes); }));
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::unique_ptr<vhost_user::SaveSource>> saved =
      source->OpenSave(flags.live.channel_kind());
  DS_RETURN_IF_ERROR(AtSocket(flags.from, saved.status()));
  // What goes wrong on this side passes through the call for the other.
  PlacedSource state(**saved, [&flags](const absl::Status& status) {
    return AtSocket(flags.from, status);
  });
  const absl::StatusOr<vhost_user::TransferResult> result =
      destination->LoadState(flags.live.channel_kind(), state);
  DS_RETURN_IF_ERROR(AtSocket(flags.to, result.status()));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.to, *result));
  progress.Clear();
  absl::FPrintF(stderr, "migrated %d bytes in %.0f ms, %s by both back-ends\n",
                result->bytes, absl::ToDoubleMilliseconds(absl::Now() - start),
                Painted("accepted", Colour::kGreen, STDERR_FILENO));
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<MigrateFlags>();
  verb.AddOption("--from", &flags->from, "The source's socket").Required();
  verb.AddOption("--to", &flags->to, "The destination's socket").Required();
  flags->live.AddTo(verb);
  verb.footer =
      ExitCodesText({{kExitOk, "accepted by both"},
                     {kExitRefused, "refused by one"},
                     {kExitUsageOrIo}}) +
      "Example: devstate migrate --from /run/fs0.sock --to /run/fs1.sock";
  verb.run = [flags] {
    const absl::Status status = Run(*flags);
    return status.ok() ? kExitOk : PrintLiveError(status);
  };
}

const VerbRegistration kRegistration(
    "migrate", "Hand the state of one back-end to another, without a VM",
    Define);

}  // namespace
}  // namespace devstate
