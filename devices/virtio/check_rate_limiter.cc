// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/virtio/check_rate_limiter.h"

namespace devstate::virtio {
namespace {

constexpr DeviceRule kTokenBucket = {
    "token-bucket", "A token bucket has more than it holds.",
    "Save size and budget of a bucket at one moment."};

void CheckBucket(const char* path,
                 const ::devices::virtio::v1::TokenBucket& bucket,
                 BrokenRules* broken) {
  if (bucket.budget() > bucket.size()) {
    broken->Add(kTokenBucket, path, "a budget of ", bucket.budget(),
                ", the bucket holds ", bucket.size());
  }
}

}  // namespace

void CheckRateLimiter(const ::devices::virtio::v1::RateLimiter& limiter,
                      BrokenRules* broken) {
  CheckBucket("rate_limiter.bandwidth", limiter.bandwidth(), broken);
  CheckBucket("rate_limiter.operations", limiter.operations(), broken);
}

const std::vector<const DeviceRule*>& RateLimiterRules() {
  static const auto& all = *new std::vector<const DeviceRule*>{&kTokenBucket};
  return all;
}

}  // namespace devstate::virtio
