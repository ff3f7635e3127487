// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/foreign/states/crosvm/saved_device.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/states/crosvm/members.h"
#include "devstate/foreign/states/crosvm/state_json.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::crosvm {
namespace {

using ::devices::virtio::v1::PackedRing;
using ::devices::virtio::v1::SplitRing;
using ::devices::virtio::v1::Vring;
using ::devstate::virtio::kRingEventIdxBit;
using Json = nlohmann::json;

// VHOST_F_LOG_ALL and VHOST_USER_F_PROTOCOL_FEATURES: between front-end and
// back-end, and none of the driver's.
constexpr uint64_t kOfVhostUser = uint64_t{1} << 26 | uint64_t{1} << 30;
constexpr uint64_t kMaxQueues = 1024;
// DEVICE_NEEDS_RESET and FAILED.
constexpr uint8_t kBroken = 64 | 128;
constexpr uint32_t kWrapBit = 15;

absl::Status ReadBackend(const Json& state, SavedDevice* saved) {
  absl::Status status;
  Members root(state, "the state",
               {"acked_features", "acked_protocol_features", kBackendKey},
               &status);
  saved->process = Process::kBackend;
  saved->acked_features = root.U64("acked_features") & ~kOfVhostUser;
  saved->device = root.Any("backend");
  return status;
}

// crosvm's front-end holds what a vhost-user device has saved as numbers.
absl::Status ReadNested(const Json& inner, SavedDevice* saved) {
  absl::Status status;
  Members members(inner, "inner_device", {"acked_features", "backend_state"},
                  &status);
  const std::string bytes = members.Bytes("backend_state");
  DS_RETURN_IF_ERROR(status);
  MemorySource source(bytes);
  DS_ASSIGN_OR_RETURN(const ParsedState state, ParseState(source));
  return ReadBackend(state.json, saved);
}

void ReadSplit(const Json& queue, const std::string& path,
               const SavedDevice& saved, SplitRing* ring,
               absl::Status* status) {
  Members members(queue, path,
                  {"size", "vector", "desc_table", "avail_ring", "used_ring",
                   "next_avail", "next_used", "features", "last_used"},
                  status);
  ring->set_size(static_cast<uint32_t>(members.Number("size", 1, 32768)));
  ring->set_last_avail_idx(members.U16("next_avail"));
  const uint16_t used = members.U16("next_used");
  ring->set_used_idx(used);
  const uint16_t notified = members.U16("last_used");
  // crosvm sets it to 0 where a vhost-user device has not told it, and leaves
  // it behind while the driver wants no notifications.
  if (saved.process == Process::kCrosvm && saved.Has(kRingEventIdxBit) &&
      static_cast<uint16_t>(used - notified) <= ring->size()) {
    ring->set_notified_used_idx(notified);
  }
}

struct PackedPosition {
  uint32_t index = 0;
  bool wrap_counter = false;
};

PackedPosition ReadPosition(const Json& json, const std::string& path,
                            absl::Status* status) {
  Members members(json, path, {"wrap_counter", "index"}, status);
  return {static_cast<uint32_t>(members.Number("index", 0, 32767)),
          members.Bool("wrap_counter")};
}

void ReadPacked(const Json& queue, const std::string& path,
                const SavedDevice& saved, PackedRing* ring,
                absl::Status* status) {
  Members members(queue, path,
                  {"size", "vector", "avail_index", "use_index",
                   "signalled_used_index", "features", "desc_table",
                   "device_event_suppression", "driver_event_suppression"},
                  status);
  const auto position = [&](const char* name) {
    return ReadPosition(members.Any(name), members.PathOf(name), status);
  };
  ring->set_size(static_cast<uint32_t>(members.Number("size", 1, 32768)));
  const PackedPosition avail = position("avail_index");
  ring->set_avail_idx(avail.index);
  ring->set_avail_wrap_counter(avail.wrap_counter);
  const PackedPosition used = position("use_index");
  ring->set_used_idx(used.index);
  ring->set_used_wrap_counter(used.wrap_counter);
  const PackedPosition notified = position("signalled_used_index");
  if (saved.process == Process::kCrosvm && saved.Has(kRingEventIdxBit)) {
    ring->set_notified_used(notified.index | uint32_t{notified.wrap_counter}
                                                 << kWrapBit);
  }
}

void ReadActiveQueue(const Json& pair, const std::string& path,
                     SavedDevice* saved, absl::Status* status) {
  if (!status->ok()) return;
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() ||
      pair[0].get<uint64_t>() >= saved->queues || !pair[1].is_object()) {
    *status = NotWrittenByCrosvm(path,
                                 "expected the number of a queue, and "
                                 "the queue");
    return;
  }
  Vring& vring = *saved->vrings.Add();
  vring.set_index(pair[0].get<uint32_t>());
  vring.set_enabled(true);
  if (pair[1].contains("avail_index")) {
    ReadPacked(pair[1], path, *saved, vring.mutable_packed(), status);
  } else {
    ReadSplit(pair[1], path, *saved, vring.mutable_split(), status);
  }
}

// Returns what the driver has negotiated, which crosvm keeps for each queue.
uint64_t FeaturesOf(const Json& queues, absl::Status* status) {
  uint64_t features = 0;
  for (size_t i = 0; i < queues.size(); ++i) {
    Members queue(queues[i], absl::StrCat("queues[", i, "]"),
                  {"activated", "max_size", "size", "ready", "vector",
                   "features", "acked_features", "desc_table", "avail_ring",
                   "used_ring", "next_avail", "next_used"},
                  status);
    const uint64_t acked = queue.U64("acked_features");
    if (i > 0 && acked != features) {
      queue.Fail("acked_features", "expected those of the queues before it");
    }
    features = acked;
  }
  return features;
}

absl::Status ReadInSnapshot(const Json& state, SavedDevice* saved) {
  absl::Status status;
  Members root(state, "the state",
               {"config_regs", kInnerDeviceKey, "device_activated", "interrupt",
                "msix_config", "common_config", "queues", "activated_queues"},
               &status);
  const Json& queues = root.List("queues");
  if (queues.size() > kMaxQueues) root.Fail("queues", "there are too many");
  saved->process = Process::kCrosvm;
  saved->queues = static_cast<uint32_t>(queues.size());
  saved->acked_features = FeaturesOf(queues, &status) & ~kOfVhostUser;
  saved->device = root.Any("inner_device");
  Members common(root.Any("common_config"), "common_config",
                 {"driver_status", "config_generation", "device_feature_select",
                  "driver_feature_select", "queue_select", "msix_config"},
                 &status);
  saved->status = common.U8("driver_status");
  DS_RETURN_IF_ERROR(status);
  if (saved->device.is_object() && saved->device.contains("backend_state")) {
    const Json inner = std::move(saved->device);
    DS_RETURN_IF_ERROR(ReadNested(inner, saved));
  }
  if (root.Any("activated_queues").is_null()) return absl::OkStatus();
  const Json& active = root.List("activated_queues");
  for (size_t i = 0; i < active.size(); ++i) {
    ReadActiveQueue(active[i], root.PathOf("activated_queues", i), saved,
                    &status);
  }
  return status;
}

}  // namespace

absl::StatusOr<SavedDevice> TakeApart(const Json& state) {
  SavedDevice saved;
  DS_RETURN_IF_ERROR(state.is_object() &&
                             state.contains(std::string(kInnerDeviceKey))
                         ? ReadInSnapshot(state, &saved)
                         : ReadBackend(state, &saved));
  return saved;
}

void AddObstacle(const SavedDevice& saved, FindingList* findings) {
  if ((saved.status & kBroken) == 0) return;
  AddRefusal(findings, "",
             "the driver or the device has given up: reset the device and save "
             "again");
}

}  // namespace devstate::crosvm
