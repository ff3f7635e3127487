// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/blk_backend/blk_device.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "examples/blk_backend/blk_protocol.h"
#include "examples/common/ring_rows.h"

namespace devstate::blk::examples {
namespace {

using ::devices::blk::v1::BlkConfig;
using ::devices::blk::v1::BlkState;
using ::devices::blk::v1::BlkStateCodec;
using ::devices::blk::v1::BlkStateWriter;
using ::devices::blk::v1::DescriptorRow;
using ::devices::blk::v1::InflightBatch;
using ::devices::blk::v1::InflightRequestRow;
using ::devices::blk::v1::VringRow;
using ::devices::blk::v1::VringsBatch;
using ::devstate::examples::RequestOfRow;
using ::devstate::examples::RingOfRow;
using ::devstate::examples::ToRequestRow;
using ::devstate::examples::ToRingRow;

BlkConfig ConfigOf(const BlkDataPlane& plane, bool writeback) {
  BlkConfig config;
  config.set_capacity(plane.capacity());
  config.set_seg_max(kSegMax);
  config.set_blk_size(kSectorSize);
  config.set_writeback(writeback);
  config.set_num_queues(plane.options().queues);
  config.mutable_discard()->set_max_sectors(kMaxRangeSectors);
  config.mutable_discard()->set_max_segments(kMaxRanges);
  config.mutable_discard()->set_sector_alignment(1);
  config.mutable_write_zeroes()->set_max_sectors(kMaxRangeSectors);
  config.mutable_write_zeroes()->set_max_segments(kMaxRanges);
  config.mutable_write_zeroes()->set_may_unmap(true);
  return config;
}

// A load until it is committed.
class StagedBlkState : public StagedState<BlkStateCodec> {
 public:
  explicit StagedBlkState(BlkDataPlane* plane) : plane_(*plane) {}

  absl::Status OnRoot(const BlkState& root) override {
    root_ = root;
    return absl::OkStatus();
  }

  absl::Status OnVrings(VringsBatch& batch) override {
    VringRow row;
    while (batch.Next(&row)) {
      DS_ASSIGN_OR_RETURN(virtio::Ring ring, RingOfRow(row));
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
    staged_.acked_features = root_.acked_features();
    staged_.writeback = root_.config().writeback();
    if (const uint64_t more = staged_.acked_features & ~OfferedBlkFeatures();
        more != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("the driver negotiated the features 0x", absl::Hex(more),
                       ", which this device does not offer"));
    }
    // The driver has read these, and they cannot change under it.
    if (root_.config().capacity() != plane_.capacity()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the state is of a disk of ", root_.config().capacity(),
                       " sectors, this one has ", plane_.capacity(),
                       "; give the same disk by --disk"));
    }
    if (root_.config().num_queues() > plane_.options().queues) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the state is of a device with ", root_.config().num_queues(),
          " queues, this one has ", plane_.options().queues,
          "; give it as many by --queues"));
    }
    BrokenRules broken;
    const bool many = (staged_.acked_features & kBlkMq) != 0;
    virtio::CheckRings({staged_.acked_features,
                        many ? root_.config().num_queues() : 1, nullptr},
                       staged_.rings, staged_.requests, {}, &broken);
    return broken.ToStatus();
  }

  absl::Status Commit() override {
    plane_.Load(staged_);
    return absl::OkStatus();
  }

 private:
  BlkDataPlane& plane_;
  BlkState root_;
  BlkModel staged_;
};

}  // namespace

absl::Status BlkDevice::SaveState(BlkStateWriter& writer) {
  const BlkModel model = plane_.model();
  BlkState root;
  root.set_acked_features(model.acked_features);
  *root.mutable_config() = ConfigOf(plane_, model.writeback);
  root.set_device_id(plane_.options().device_id);
  DS_RETURN_IF_ERROR(writer.Begin(root));
  for (const virtio::Ring& ring : model.rings) {
    DS_RETURN_IF_ERROR(writer.AddVrings(ToRingRow<VringRow>(ring)));
  }
  std::vector<DescriptorRow> descriptors;
  for (const virtio::Request& request : model.requests) {
    DS_RETURN_IF_ERROR(writer.AddInflight(
        ToRequestRow<InflightRequestRow>(request, &descriptors)));
  }
  return absl::OkStatus();
}

std::unique_ptr<StagedState<BlkStateCodec>> BlkDevice::StageLoad() {
  return std::make_unique<StagedBlkState>(&plane_);
}

}  // namespace devstate::blk::examples
