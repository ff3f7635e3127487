// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/recovery/inflight_request.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace devstate::recovery {
namespace {

constexpr int64_t kFarthest = int64_t{1} << 62;

int64_t Distance(uint64_t from, uint64_t to) {
  return static_cast<int64_t>(to - from);
}

}  // namespace

absl::Status SortByCounter(std::vector<InflightRequest>* requests) {
  if (requests->empty()) return absl::OkStatus();
  const uint64_t origin = requests->front().counter;
  for (const InflightRequest& request : *requests) {
    const int64_t distance = Distance(origin, request.counter);
    if (distance >= kFarthest || distance <= -kFarthest) {
      return DamagedInflight(absl::StrCat("the counters ", origin, " and ",
                                          request.counter,
                                          " are too far apart"));
    }
  }
  std::sort(requests->begin(), requests->end(),
            [origin](const InflightRequest& a, const InflightRequest& b) {
              return Distance(origin, a.counter) < Distance(origin, b.counter);
            });
  for (size_t i = 1; i < requests->size(); ++i) {
    if ((*requests)[i - 1].counter == (*requests)[i].counter) {
      return DamagedInflight(absl::StrCat("two requests have the counter ",
                                          (*requests)[i].counter));
    }
  }
  return absl::OkStatus();
}

absl::Status DamagedInflight(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the memory of requests in flight is damaged: ", what,
                   "; reset the guest's device to begin with new memory"));
}

}  // namespace devstate::recovery
