// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-blk as QEMU emulates it. Requests are in flight only if they failed
// and wait for the host to be told (rerror=stop, werror=stop), because QEMU
// waits for the others.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/blk/v1/blk.pb.h"
#include "devstate/devices/blk/check_blk.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::blk::v1::BlkState;
using ::devices::blk::v1::RangeLimits;

// Bits of the features (VIRTIO 1.3, section 5.2.3).
constexpr int kSizeMax = 1;
constexpr int kSegMax = 2;
constexpr int kGeometry = 4;
constexpr int kBlkSize = 6;
constexpr int kTopology = 10;
constexpr int kConfigWce = 11;
constexpr int kMq = 12;
constexpr int kDiscard = 13;
constexpr int kWriteZeroes = 14;
constexpr int kSecureErase = 16;
constexpr int kZoned = 17;
// The place of num_queues in the configuration space.
constexpr size_t kConfigQueues = 34;

struct RequestFields {
  uint32_t queue = 0;
  Element element;
};

struct BlkFields {
  // The newest first.
  std::vector<RequestFields> requests;
};

void VisitBlk(FieldsIn& fields, const VirtioState& state, BlkFields* blk) {
  while (fields.ok()) {
    uint8_t more = 0;
    fields.U8("whether a request follows", &more);
    if (!fields.ok() || more == 0) return;
    if (more != 1) {
      fields.Fail(
          absl::StrCat("the mark of a request is ", more, ", expected 0 or 1"));
      return;
    }
    RequestFields request;
    if (LittleEndian(state.config, kConfigQueues, 2) > 1) {
      fields.U32("the queue of a request", &request.queue);
    }
    VisitElement(fields, &request.element);
    blk->requests.push_back(std::move(request));
  }
}

// Reads limits of three numbers, the first of which is at `at`.
void ReadLimits(const std::string& config, size_t at, RangeLimits* limits) {
  const auto number = [&](size_t offset) {
    return static_cast<uint32_t>(LittleEndian(config, at + offset, 4));
  };
  limits->set_max_sectors(number(0));
  limits->set_max_segments(number(4));
  limits->set_sector_alignment(number(8));
}

void ReadConfig(const VirtioState& state, BlkState* portable) {
  const auto number = [&](size_t at, size_t size) {
    return static_cast<uint32_t>(LittleEndian(state.config, at, size));
  };
  auto& config = *portable->mutable_config();
  config.set_capacity(LittleEndian(state.config, 0, 8));
  if (state.Has(kSizeMax)) config.set_size_max(number(8, 4));
  if (state.Has(kSegMax)) config.set_seg_max(number(12, 4));
  if (state.Has(kGeometry)) {
    config.mutable_geometry()->set_cylinders(number(16, 2));
    config.mutable_geometry()->set_heads(number(18, 1));
    config.mutable_geometry()->set_sectors(number(19, 1));
  }
  if (state.Has(kBlkSize)) config.set_blk_size(number(20, 4));
  if (state.Has(kTopology)) {
    auto& topology = *config.mutable_topology();
    topology.set_physical_block_exp(number(24, 1));
    topology.set_alignment_offset(number(25, 1));
    topology.set_min_io_size(number(26, 2));
    topology.set_opt_io_size(number(28, 4));
  }
  if (state.Has(kConfigWce)) config.set_writeback(number(32, 1) != 0);
  if (state.Has(kMq)) config.set_num_queues(number(kConfigQueues, 2));
  if (state.Has(kDiscard)) {
    ReadLimits(state.config, 36, config.mutable_discard());
  }
  if (state.Has(kWriteZeroes)) {
    auto& limits = *config.mutable_write_zeroes();
    limits.set_max_sectors(number(48, 4));
    limits.set_max_segments(number(52, 4));
    limits.set_may_unmap(number(56, 1) != 0);
  }
  if (state.Has(kSecureErase)) {
    ReadLimits(state.config, 60, config.mutable_secure_erase());
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  BlkFields blk;
  DS_RETURN_IF_ERROR(ReadState(saved.virtio, VisitBlk, nullptr, &state, &blk));
  AddObstacle(state, findings);
  if (state.Has(kZoned)) {
    AddRefusal(
        findings, "acked_features",
        "the driver uses zones, which no portable state has: take the disk "
        "off the machine instead");
  }
  auto& portable = static_cast<BlkState&>(*message);
  portable.set_acked_features(state.Features());
  ReadConfig(state, &portable);
  for (size_t i = blk.requests.size(); i > 0; --i) {
    const RequestFields& request = blk.requests[i - 1];
    AddRequest(state, request.queue, request.element,
               portable.mutable_inflight(), findings);
  }
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedBlk() {
  static const auto& type = *new EmulatedType{
      "virtio-blk", "devices.blk.v1", &BlkState::default_instance(), &BlkType(),
      Read,         nullptr};
  return type;
}

}  // namespace devstate::qemu
