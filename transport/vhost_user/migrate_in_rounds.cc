// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/migrate_in_rounds.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"

namespace devstate::vhost_user {
namespace {

// A round that is larger than this part of the one before has not shrunk.
constexpr double kShrink = 0.8;

bool Shrinks(const RoundReport& before, const RoundReport& after) {
  return static_cast<double>(after.bytes) <
         kShrink * static_cast<double>(before.bytes);
}

// Returns about how many bytes have changed after `took` if they were `bytes`
// after `wrote`: the device goes on while the destination prepares the round.
uint64_t DirtyAfter(uint64_t bytes, absl::Duration wrote, absl::Duration took) {
  if (wrote <= absl::ZeroDuration() || took <= wrote) return bytes;
  return static_cast<uint64_t>(static_cast<double>(bytes) *
                               absl::FDivDuration(took, wrote));
}

// Return an error with the back-end that it is about.
absl::Status AtSource(const absl::Status& status) {
  return status.ok()
             ? status
             : absl::Status(status.code(),
                            absl::StrCat("the source: ", status.message()));
}
absl::Status AtDestination(const absl::Status& status) {
  return status.ok()
             ? status
             : absl::Status(status.code(), absl::StrCat("the destination: ",
                                                        status.message()));
}

// Writes, loads and prepares rounds until the rule says that it is enough.
absl::Status RunRounds(FrontendEndpoint& source, FrontendEndpoint& destination,
                       const MigrateInRoundsOptions& options,
                       MigratedInRounds* result) {
  while (result->end == RoundsEnd::kGoOn) {
    RoundReport round;
    round.number = static_cast<uint32_t>(result->rounds.size()) + 1;
    const absl::Time start = absl::Now();
    const absl::StatusOr<RoundReply> written =
        source.Round(round.number, /*last=*/false);
    DS_RETURN_IF_ERROR(AtSource(written.status()));
    const absl::Duration wrote = absl::Now() - start;
    DS_RETURN_IF_ERROR(
        AtDestination(destination.Round(round.number, false).status()));
    round.took = absl::Now() - start;
    round.bytes = written->bytes - result->bytes;
    round.dirty_bytes = DirtyAfter(written->dirty_bytes, wrote, round.took);
    result->bytes = written->bytes;
    result->rounds.push_back(round);
    if (options.on_round) DS_RETURN_IF_ERROR(options.on_round(round));
    result->end = JudgeRounds(options.rule, result->rounds);
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view RoundsEndText(RoundsEnd end) {
  switch (end) {
    case RoundsEnd::kGoOn:
      return "it goes on";
    case RoundsEnd::kFits:
      return "the rest fits the downtime";
    case RoundsEnd::kNoShrink:
      return "the rounds do not shrink";
    case RoundsEnd::kMostRounds:
      return "there were as many rounds as are allowed";
  }
  return "unknown";
}

RoundsEnd JudgeRounds(const RoundsRule& rule,
                      const std::vector<RoundReport>& rounds) {
  uint64_t bytes = 0;
  absl::Duration took;
  for (const RoundReport& round : rounds) {
    bytes += round.bytes;
    took += round.took;
  }
  const RoundReport& last = rounds.back();
  // bytes / took is the speed, and a round is never without bytes.
  if (took * static_cast<double>(last.dirty_bytes) <=
      rule.downtime * static_cast<double>(bytes)) {
    return RoundsEnd::kFits;
  }
  if (rounds.size() >= rule.max_rounds) return RoundsEnd::kMostRounds;
  if (rounds.size() >= 3 && !Shrinks(rounds[rounds.size() - 2], last) &&
      !Shrinks(rounds[rounds.size() - 3], rounds[rounds.size() - 2])) {
    return RoundsEnd::kNoShrink;
  }
  return RoundsEnd::kGoOn;
}

absl::StatusOr<MigratedInRounds> MigrateInRounds(
    FrontendEndpoint& source, FrontendEndpoint& destination,
    const MigrateInRoundsOptions& options) {
  DS_ASSIGN_OR_RETURN(ChannelEnds ends, CreateChannel(ChannelKind::kPipe));
  DS_RETURN_IF_ERROR(destination.BeginRounds(TransferDirection::kLoad,
                                             std::move(ends.read_end)));
  DS_RETURN_IF_ERROR(
      source.BeginRounds(TransferDirection::kSave, std::move(ends.write_end)));
  MigratedInRounds result;
  if (const absl::Status status =
          RunRounds(source, destination, options, &result);
      !status.ok()) {
    // Its answer is the error that is expected.
    source.Check().status().IgnoreError();
    return status;
  }
  const absl::Time start = absl::Now();
  DS_RETURN_IF_ERROR(options.stop());
  const auto number = static_cast<uint32_t>(result.rounds.size()) + 1;
  DS_RETURN_IF_ERROR(AtSource(source.Round(number, /*last=*/true).status()));
  const absl::StatusOr<TransferResult> saved = source.Check();
  DS_RETURN_IF_ERROR(AtSource(saved.status()));
  result.source = *saved;
  if (!result.source.ok()) return result;
  const absl::StatusOr<TransferResult> loaded = destination.Check();
  DS_RETURN_IF_ERROR(AtDestination(loaded.status()));
  result.destination = *loaded;
  result.downtime = absl::Now() - start;
  return result;
}

}  // namespace devstate::vhost_user
