// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "devstate/proxy/device_setup.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::proxy {

absl::StatusOr<std::vector<Recollection>> DeviceSetup::Recall() const {
  std::vector<Recollection> all;
  const auto answered = [&](uint32_t request, uint64_t value) {
    Recollection& one = all.emplace_back();
    one.request.request = request;
    one.reply = vhost_user::U64Payload(value);
  };
  answered(vhost_user::kGetFeatures, offered_.features);
  answered(vhost_user::kGetProtocolFeatures, offered_.protocol_features);
  if (offered_.queues.has_value()) {
    answered(vhost_user::kGetQueueNum, *offered_.queues);
  }
  if (offered_.memory_slots.has_value()) {
    answered(vhost_user::kGetMaxMemSlots, *offered_.memory_slots);
  }
  if (postcopy_) {
    all.emplace_back().request.request = vhost_user::kPostcopyListen;
  }
  const auto add = [&](absl::StatusOr<std::vector<ReplayStep>> steps) {
    if (!steps.ok()) return steps.status();
    for (ReplayStep& step : *steps) {
      all.emplace_back().request = std::move(step.request);
    }
    return absl::OkStatus();
  };
  DS_RETURN_IF_ERROR(add(ProtocolFeatures()));
  DS_RETURN_IF_ERROR(add(Introduction()));
  DS_RETURN_IF_ERROR(add(Memory()));
  DS_RETURN_IF_ERROR(add(Log()));
  absl::StatusOr<std::vector<ReplayStep>> rings =
      PlaceRings(/*stopped_too=*/true);
  DS_RETURN_IF_ERROR(rings.status());
  DS_RETURN_IF_ERROR(ConnectRings(/*if_recalled=*/true, &*rings));
  DS_RETURN_IF_ERROR(add(std::move(rings)));
  return all;
}

}  // namespace devstate::proxy
