// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_RECOVERY_INFLIGHT_REQUEST_H_
#define DEVSTATE_RECOVERY_INFLIGHT_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "devstate/transport/virtqueue/virtqueue.h"

namespace devstate::recovery {

// A request in flight as the memory has it.
struct InflightRequest {
  uint64_t counter = 0;
  uint16_t entry = 0;  // where it is recorded
  // Of a split ring: the head alone.
  virtqueue::Chain chain;
};

// Sorts requests in the order in which they were taken. Counters are compared
// as if they never wrapped around. DATA_LOSS if two are equal or further apart
// than 2^62.
absl::Status SortByCounter(std::vector<InflightRequest>* requests);

// Returns the DATA_LOSS of memory that no implementation leaves behind.
absl::Status DamagedInflight(absl::string_view what);

}  // namespace devstate::recovery

#endif  // DEVSTATE_RECOVERY_INFLIGHT_REQUEST_H_
