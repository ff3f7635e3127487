// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/offer_mask.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/transport/vhost_user/vhost_user_features.h"

namespace devstate::proxy {
namespace {

using google::protobuf::RepeatedPtrField;
using vhost_user::FeatureBit;
using vhost_user::Message;

uint64_t BitsOf(const RepeatedPtrField<OfferedFeature>& features) {
  uint64_t bits = 0;
  for (const OfferedFeature& feature : features) {
    if (feature.bit() < 64) bits |= uint64_t{1} << feature.bit();
  }
  return bits;
}

absl::Status CheckBits(const Message& request,
                       const std::vector<FeatureBit>& masked) {
  if (masked.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      vhost_user::RequestName(request.request),
      " acknowledges what was not offered: ",
      absl::StrJoin(masked, ", ", [](std::string* out, const FeatureBit& bit) {
        absl::StrAppend(out, bit.name, " (bit ", bit.bit, ")");
      })));
}

}  // namespace

void OfferMask::Restrict(const BackendCapabilities& capabilities) {
  features_ &= BitsOf(capabilities.virtio_features());
  protocol_features_ &= BitsOf(capabilities.protocol_features());
  if (capabilities.has_queues()) {
    queues_ = std::min(queues_, capabilities.queues());
  }
  if (capabilities.has_memory_slots()) {
    memory_slots_ = std::min(memory_slots_, capabilities.memory_slots());
  }
}

void OfferMask::Apply(Message* reply) const {
  if (reply->payload.size() != 8) return;
  const uint64_t value = vhost_user::ReadU64(reply->payload, 0);
  switch (reply->request) {
    case vhost_user::kGetFeatures:
      reply->payload = vhost_user::U64Payload(value & features_);
      break;
    case vhost_user::kGetProtocolFeatures:
      reply->payload = vhost_user::U64Payload(value & protocol_features_);
      break;
    case vhost_user::kGetQueueNum:
      reply->payload = vhost_user::U64Payload(std::min(value, queues_));
      break;
    case vhost_user::kGetMaxMemSlots:
      reply->payload = vhost_user::U64Payload(std::min(value, memory_slots_));
      break;
    default:
      break;
  }
}

absl::Status OfferMask::CheckAcknowledged(const Message& request) const {
  if (request.payload.size() != 8) return absl::OkStatus();
  const uint64_t value = vhost_user::ReadU64(request.payload, 0);
  if (request.request == vhost_user::kSetFeatures) {
    return CheckBits(request,
                     vhost_user::VirtioFeatureBits(value & ~features_));
  }
  if (request.request == vhost_user::kSetProtocolFeatures) {
    return CheckBits(
        request, vhost_user::ProtocolFeatureBits(value & ~protocol_features_));
  }
  return absl::OkStatus();
}

}  // namespace devstate::proxy
