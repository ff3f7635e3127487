// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Which rings a front-end has started, as its requests say.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_STARTED_RINGS_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_STARTED_RINGS_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace devstate::vhost_user {

// A ring counts as started from SET_VRING_KICK to what stops it, RESET_OWNER or
// RESET_DEVICE. Nobody looks at kicks here, so SET_VRING_KICK is the earliest
// moment at which the first one could come. Thread-safety: none.
class StartedRings {
 public:
  static constexpr size_t kMaxRings = 256;  // an index has 8 bits

  // Takes note of a request. One that starts or stops nothing, or whose payload
  // is too short, changes nothing.
  void Note(uint32_t request, absl::string_view payload);

  bool any() const { return started_.any(); }

 private:
  std::bitset<kMaxRings> started_;
};

}  // namespace devstate::vhost_user

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_STARTED_RINGS_H_
