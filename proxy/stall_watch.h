// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_PROXY_STALL_WATCH_H_
#define DEVSTATE_PROXY_STALL_WATCH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "devstate/proxy/device_setup.h"

namespace devstate::proxy {

// Notices a back-end that hangs. No request passes through a proxy, so only the
// rings in guest memory show it. Thread-safety: none.
class StallWatch {
 public:
  // The time without progress after which a ring with requests counts as
  // stalled. Default: 10 s.
  explicit StallWatch(absl::Duration patience = absl::Seconds(10))
      : patience_(patience) {}

  // Looks at the rings that are started. Returns a line for each that stalls,
  // or goes on after that, since the last look.
  std::vector<std::string> Look(const DeviceSetup& setup, absl::Time now);

  // Returns whether, by the last look, a ring has had requests and none done for
  // `time`.
  bool waits(absl::Time now, absl::Duration time) const;

 private:
  struct Progress {
    uint16_t used = 0;
    absl::Time since;
    bool stalled = false;
  };

  const absl::Duration patience_;
  std::map<uint32_t, Progress> rings_;  // those that have requests
};

}  // namespace devstate::proxy

#endif  // DEVSTATE_PROXY_STALL_WATCH_H_
