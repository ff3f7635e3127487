// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A front-end's part of a state in rounds: when to stop the device, and the
// order of the requests to both back-ends. docs/rounds.md is the guide.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_MIGRATE_IN_ROUNDS_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_MIGRATE_IN_ROUNDS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"

namespace devstate::vhost_user {

// A round that was written, loaded and prepared.
struct RoundReport {
  uint32_t number = 0;
  uint64_t bytes = 0;
  // About how many bytes had changed at its end: what the source said when it
  // was written, and as many more in the time since.
  uint64_t dirty_bytes = 0;
  absl::Duration took;
};

// When the rounds end.
struct RoundsRule {
  // The downtime that what is left must fit in, at the speed of the rounds so
  // far. Default: 300 ms, as QEMU's downtime-limit.
  absl::Duration downtime = absl::Milliseconds(300);
  // The most rounds while the device runs. Default: 30.
  uint32_t max_rounds = 30;
};

enum class RoundsEnd {
  kGoOn,
  kFits,       // what is left fits in the downtime
  kNoShrink,   // two rounds in a row were not smaller than 80 % of the one
               // before
  kMostRounds  // there were max_rounds
};
// Returns a part of a sentence: "the rest fits the downtime".
absl::string_view RoundsEndText(RoundsEnd end);

// Returns whether the device is to be stopped after these rounds, and why.
// Requires: there is one.
RoundsEnd JudgeRounds(const RoundsRule& rule,
                      const std::vector<RoundReport>& rounds);

struct MigrateInRoundsOptions {
  RoundsRule rule;
  // Suspends the source's device, so that all rings of it are stopped.
  std::function<absl::Status()> stop;
  // Called after each round while the device runs. An error gives the rounds
  // up. Default: none.
  std::function<absl::Status(const RoundReport&)> on_round;
};

struct MigratedInRounds {
  std::vector<RoundReport> rounds;
  RoundsEnd end = RoundsEnd::kGoOn;
  uint64_t bytes = 0;  // of all rounds but the last
  // From before `stop` was called to the destination's answer to
  // CHECK_DEVICE_STATE.
  absl::Duration downtime;
  TransferResult source;
  TransferResult destination;
};

// Hands the state of one back-end to another while the device of the first one
// runs, and for the last round stops it. The back-ends share a pipe, so their
// state does not come through this process. What the back-ends say to
// CHECK_DEVICE_STATE is in the result. The destination is not asked if the
// source says no.
//
// After an error nothing was put into force at the destination, unless that is
// the one that did not answer CHECK_DEVICE_STATE. Before `stop` was called, the
// rounds are given up, and the source goes on. Afterwards that is for the
// caller. Errors are those of FrontendEndpoint, with the back-end in front:
// "the source: …".
//
// Requires: has_rounds() of both.
absl::StatusOr<MigratedInRounds> MigrateInRounds(
    FrontendEndpoint& source, FrontendEndpoint& destination,
    const MigrateInRoundsOptions& options);

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_MIGRATE_IN_ROUNDS_H_
