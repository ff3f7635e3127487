// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/net_device.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/devices/net/check_model.h"
#include "devstate/devices/net/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/common/ring_rows.h"

namespace devstate::net::examples {
namespace {

using ::devices::net::v1::CoalescingRow;
using ::devices::net::v1::DescriptorRow;
using ::devices::net::v1::InflightBatch;
using ::devices::net::v1::InflightRequestRow;
using ::devices::net::v1::NetState;
using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateWriter;
using ::devices::net::v1::QueueCoalescingBatch;
using ::devices::net::v1::QueueCoalescingRow;
using ::devices::net::v1::VringRow;
using ::devices::net::v1::VringsBatch;
using ::devstate::examples::RequestOfRow;
using ::devstate::examples::RingOfRow;
using ::devstate::examples::ToRequestRow;
using ::devstate::examples::ToRingRow;

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
      DS_ASSIGN_OR_RETURN(Ring ring, RingOfRow(row));
      staged_.rings.push_back(std::move(ring));
    }
    return absl::OkStatus();
  }

  absl::Status OnInflight(InflightBatch& batch) override {
    InflightRequestRow row;
    while (batch.Next(&row)) staged_.requests.push_back(RequestOfRow(row));
    return absl::OkStatus();
  }

  absl::Status Prepare() override {
    // A state in rounds has the records that changed at its end.
    std::sort(staged_.rings.begin(), staged_.rings.end(),
              [](const Ring& a, const Ring& b) { return a.index < b.index; });
    return CheckModel(staged_);
  }

  absl::Status Commit() override {
    device_model_ = std::move(staged_);
    return absl::OkStatus();
  }

 private:
  NetModel& device_model_;
  NetModel staged_;
};

}  // namespace

absl::Status NetDevice::SaveChange(const ModelChange& change,
                                   NetStateWriter& writer) const {
  if (change.ring) {
    DS_RETURN_IF_ERROR(writer.AddVrings(
        ToRingRow<VringRow>(model_.rings[*change.ring])));
  }
  if (!change.answered) return absl::OkStatus();
  InflightRequestRow answered;
  answered.vring = change.answered->ring;
  answered.head = change.answered->head;
  return writer.DeleteInflight(answered);
}

absl::Status NetDevice::SaveState(NetStateWriter& writer) {
  DS_RETURN_IF_ERROR(writer.Begin(ToRootMessage(model_)));
  for (const QueueCoalescing& queue : model_.queue_coalescing) {
    DS_RETURN_IF_ERROR(writer.AddQueueCoalescing(QueueCoalescingRow{
        queue.ring, CoalescingRow{queue.coalescing.max_packets,
                                  queue.coalescing.max_delay}}));
  }
  for (const Ring& ring : model_.rings) {
    DS_RETURN_IF_ERROR(writer.AddVrings(ToRingRow<VringRow>(ring)));
  }
  std::vector<DescriptorRow> descriptors;
  for (const Request& request : model_.requests) {
    DS_RETURN_IF_ERROR(writer.AddInflight(
        ToRequestRow<InflightRequestRow>(request, &descriptors)));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<NetStateCodec>> NetDevice::StageLoad() {
  return std::make_unique<StagedNetState>(&model_);
}

}  // namespace devstate::net::examples
