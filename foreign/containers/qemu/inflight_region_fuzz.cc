// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the size of queues and a region of requests in flight.

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "devstate/foreign/containers/qemu/inflight_region.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto queue_size = static_cast<uint16_t>(data[0] | data[1] << 8);
  const absl::string_view region(reinterpret_cast<const char*>(data) + 2,
                                 size - 2);
  const auto parsed = devstate::ParseInflightRegion(region, queue_size);
  if (!parsed.ok()) return 0;
  for (const devstate::InflightQueue& queue : parsed->queues) {
    if (queue.requests.size() > queue_size) std::abort();
    size_t descriptors = 0;
    for (const devstate::InflightRequest& request : queue.requests) {
      if (request.head >= queue_size) std::abort();
      descriptors += request.descriptors.size();
    }
    if (descriptors > queue_size) std::abort();
  }
  return 0;
}
