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
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/error_place.h"
#include "cli/live_backend.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/vhost_user/migrate_in_rounds.h"

namespace devstate {
namespace {

// The ring that stands for all of the source's device: while it is started, the
// device runs.
constexpr uint8_t kRing = 0;

struct MigrateFlags {
  std::string from;
  std::string to;
  LiveFlags live;
  bool rounds = false;
  uint32_t downtime_ms = 300;
  uint32_t max_rounds = 30;
};

std::string Accepted() {
  return absl::StrCat(Painted("accepted", Colour::kGreen, STDERR_FILENO),
                      " by both back-ends");
}

absl::StatusOr<std::unique_ptr<vhost_user::FrontendEndpoint>> ConnectForRounds(
    const std::string& socket, const LiveFlags& flags) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<vhost_user::FrontendEndpoint> endpoint,
                      ConnectBackend(socket, flags));
  if (endpoint->has_rounds()) return endpoint;
  return absl::FailedPreconditionError(
      absl::StrCat(socket,
                   ": the back-end does not offer states in rounds: "
                   "migrate without --rounds, or start it with them"));
}

absl::Status RunInRounds(const MigrateFlags& flags) {
  LiveFlags live = flags.live;
  live.protocol_features = vhost_user::kProtocolFRounds;
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> source,
      ConnectForRounds(flags.from, live));
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> destination,
      ConnectForRounds(flags.to, live));
  vhost_user::MigrateInRoundsOptions options;
  options.rule.downtime = absl::Milliseconds(flags.downtime_ms);
  options.rule.max_rounds = flags.max_rounds;
  options.stop = [&source] { return source->StopRing(kRing).status(); };
  options.on_round = [](const vhost_user::RoundReport& round) {
    absl::FPrintF(stderr, "round %d: %d bytes in %.0f ms, about %d changed\n",
                  round.number, round.bytes,
                  absl::ToDoubleMilliseconds(round.took), round.dirty_bytes);
    return absl::OkStatus();
  };
  DS_RETURN_IF_ERROR(AtSocket(flags.from, source->StartRing(kRing)));
  const absl::StatusOr<vhost_user::MigratedInRounds> result =
      vhost_user::MigrateInRounds(*source, *destination, options);
  DS_RETURN_IF_ERROR(
      AtSocket(absl::StrCat(flags.from, " to ", flags.to), result.status()));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.from, result->source));
  DS_RETURN_IF_ERROR(CheckTransfer(flags.to, result->destination));
  absl::FPrintF(stderr,
                "migrated in %d rounds and a last one, since %s: the source "
                "was stopped for %.0f ms, %s\n",
                result->rounds.size(), vhost_user::RoundsEndText(result->end),
                absl::ToDoubleMilliseconds(result->downtime), Accepted());
  return absl::OkStatus();
}

absl::Status RunAtOnce(const MigrateFlags& flags) {
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
  absl::FPrintF(stderr, "migrated %d bytes in %.0f ms, %s\n", result->bytes,
                absl::ToDoubleMilliseconds(absl::Now() - start), Accepted());
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<MigrateFlags>();
  verb.AddOption("--from", &flags->from, "The source's socket").Required();
  verb.AddOption("--to", &flags->to, "The destination's socket").Required();
  verb.AddFlag(
      "--rounds", &flags->rounds,
      "Start the source, send its state in rounds, and stop it for the "
      "last one; over a pipe that both back-ends share");
  verb.AddOption("--downtime", &flags->downtime_ms,
                 "Milliseconds that the last round may take about")
      .ShowDefault();
  verb.AddOption("--max-rounds", &flags->max_rounds,
                 "Most rounds before the source is stopped")
      .InRange(1, 1000)
      .ShowDefault();
  flags->live.AddTo(verb);
  verb.footer =
      ExitCodesText({{kExitOk, "accepted by both"},
                     {kExitRefused, "refused by one"},
                     {kExitUsageOrIo}}) +
      "Example: devstate migrate --from /run/fs0.sock --to /run/fs1.sock";
  verb.run = [flags] {
    const absl::Status status =
        flags->rounds ? RunInRounds(*flags) : RunAtOnce(*flags);
    return status.ok() ? kExitOk : PrintLiveError(status);
  };
}

const VerbRegistration kRegistration(
    "migrate", "Hand the state of one back-end to another, without a VM",
    Define);

}  // namespace
}  // namespace devstate
