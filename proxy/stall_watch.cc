// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/stall_watch.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "devstate/proxy/guest_memory.h"

namespace devstate::proxy {

std::vector<std::string> StallWatch::Look(const DeviceSetup& setup,
                                          absl::Time now) {
  std::vector<std::string> lines;
  std::map<uint32_t, Progress> before = std::exchange(rings_, {});
  for (const auto& [index, ring] : setup.rings()) {
    if (!ring.started) continue;
    const absl::StatusOr<uint16_t> used = UsedIndex(setup, ring);
    const absl::StatusOr<uint16_t> available = AvailableIndex(setup, ring);
    if (!used.ok() || !available.ok()) continue;
    const auto known = before.find(index);
    const bool waits = *used != *available;
    const bool same = known != before.end() && known->second.used == *used;
    if (known != before.end() && known->second.stalled && !(waits && same)) {
      lines.push_back(absl::StrCat("ring ", index, " goes on"));
    }
    if (!waits) continue;
    Progress progress = {*used, now, false};
    if (same) progress = known->second;
    if (!progress.stalled && now - progress.since >= patience_) {
      progress.stalled = true;
      lines.push_back(absl::StrCat(
          "ring ", index, " stalls: ",
          static_cast<uint16_t>(*available - *used),
          " requests and none done for ",
          absl::FormatDuration(
              absl::Trunc(now - progress.since, absl::Seconds(1))),
          "; the back-end hangs, or works on one for long"));
    }
    rings_[index] = progress;
  }
  return lines;
}

bool StallWatch::waits(absl::Time now, absl::Duration time) const {
  return std::any_of(rings_.begin(), rings_.end(), [&](const auto& ring) {
    return now - ring.second.since >= time;
  });
}

}  // namespace devstate::proxy
