// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/net_device.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/check_model.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/net_backend/root_message.h"

namespace devstate::net::examples {
namespace {

using ::devices::net::v1::CoalescingRow;
using ::devices::net::v1::DescriptorRow;
using ::devices::net::v1::InflightBatch;
using ::devices::net::v1::InflightRequestRow;
using ::devices::net::v1::NetState;
using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateWriter;
using ::devices::net::v1::PackedRingRow;
using ::devices::net::v1::QueueCoalescingBatch;
using ::devices::net::v1::QueueCoalescingRow;
using ::devices::net::v1::SplitRingRow;
using ::devices::net::v1::VringRow;
using ::devices::net::v1::VringsBatch;

void SetPosition(const SplitPosition& position, VringRow* row) {
  row->split = SplitRingRow{position.size, position.last_avail_idx,
                            position.used_idx, position.notified_used_idx};
}

void SetPosition(const PackedPosition& position, VringRow* row) {
  row->packed = PackedRingRow{position.size,       position.avail_idx,
                              position.avail_wrap, position.used_idx,
                              position.used_wrap,  position.notified_used};
}

// A load until it is committed.
class StagedNetState : public StagedState<NetStateCodec> {
 public:
  explicit StagedNetState(NetModel* device_model)
      : device_model_(*device_model) {}

  absl::Status OnRoot(const NetState& root) override {
    return FromRootMessage(root, &staged_);
  }

  absl::Status OnQueueCoalescing(QueueCoalescingBatch& batch) override {
    QueueCoalescingRow row;
    while (batch.Next(&row)) {
      if (!row.coalescing.has_value()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "ring ", row.vring, ": a coalescing setting without values"));
      }
      staged_.queue_coalescing.push_back(
          {row.vring,
           {row.coalescing->max_packets, row.coalescing->max_delay}});
    }
    return absl::OkStatus();
  }

  absl::Status OnVrings(VringsBatch& batch) override {
    VringRow row;
    while (batch.Next(&row)) {
      Ring& ring = staged_.rings.emplace_back();
      ring.index = row.index;
      ring.enabled = row.enabled;
      if (row.split.has_value()) {
        ring.position =
            SplitPosition{row.split->size, row.split->last_avail_idx,
                          row.split->used_idx, row.split->notified_used_idx};
      } else if (row.packed.has_value()) {
        ring.position = PackedPosition{row.packed->size,
                                       row.packed->avail_idx,
                                       row.packed->avail_wrap_counter,
                                       row.packed->used_idx,
                                       row.packed->used_wrap_counter,
                                       row.packed->notified_used};
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("ring ", row.index, ": it has no position"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnInflight(InflightBatch& batch) override {
    InflightRequestRow row;
    while (batch.Next(&row)) {
      Request& request = staged_.requests.emplace_back();
      request.ring = row.vring;
      request.head = row.head;
      request.sequence = row.sequence;
      request.descriptor_count = row.descriptor_count;
      for (const DescriptorRow& descriptor : row.descriptors) {
        request.descriptors.push_back(
            {descriptor.address, descriptor.length, descriptor.flags});
      }
    }
    return absl::OkStatus();
  }

  absl::Status Prepare() override { return CheckModel(staged_); }

  absl::Status Commit() override {
    device_model_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  NetModel& device_model_;
  NetModel staged_;
};

}  // namespace

absl::Status NetDevice::SaveState(NetStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(ToRootMessage(model_)));
  for (const QueueCoalescing& queue : model_.queue_coalescing) {
    DS_RETURN_IF_ERROR(writer.AddQueueCoalescing(QueueCoalescingRow{
        queue.ring, CoalescingRow{queue.coalescing.max_packets,
                                  queue.coalescing.max_delay}}));
  }
  for (const Ring& ring : model_.rings) {
    VringRow row;
    row.index = ring.index;
    row.enabled = ring.enabled;
    std::visit([&](const auto& position) { SetPosition(position, &row); },
               ring.position);
    DS_RETURN_IF_ERROR(writer.AddVrings(row));
  }
  std::vector<DescriptorRow> descriptors;
  for (const Request& request : model_.requests) {
    descriptors.clear();
    for (const Descriptor& descriptor : request.descriptors) {
      descriptors.push_back(
          {descriptor.address, descriptor.length, descriptor.flags});
    }
    DS_RETURN_IF_ERROR(writer.AddInflight(
        InflightRequestRow{request.ring, request.head, request.sequence,
                           request.descriptor_count, descriptors}));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<NetStateCodec>> NetDevice::StageLoad() {
  return std::make_unique<StagedNetState>(&model_);
}

}  // namespace devstate::net::examples
