// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// virtio-balloon as QEMU emulates it. Its statistics are not saved. QEMU asks
// for them again with the buffer that the driver has lent, which it finds by
// taking it from the ring a second time.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "devices/balloon/v1/balloon.pb.h"
#include "devstate/devices/balloon/check_balloon.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::balloon::v1::BalloonState;
using ::devices::balloon::v1::FreePageHint;

constexpr int kStatsVqBit = 1;
constexpr int kFreePageHintBit = 3;
constexpr int kPagePoisonBit = 4;
constexpr size_t kStatsQueue = 2;
constexpr absl::string_view kHint = "virtio-balloon-device/free-page-report";
constexpr absl::string_view kPoison = "virtio-balloon-device/page-poison";

struct BalloonFields {
  uint32_t pages = 0;
  uint32_t actual = 0;
};

template <typename Fields>
void VisitBalloon(Fields& fields, const VirtioState&, BalloonFields* balloon) {
  fields.U32("num_pages", &balloon->pages);
  fields.U32("actual", &balloon->actual);
}

absl::optional<size_t> SizeOf(const Subsection& header, absl::string_view) {
  if (header.name == kHint) return 8;
  if (header.name == kPoison) return 4;
  return absl::nullopt;
}

void ReadHint(const std::string& bytes, BalloonState* portable,
              FindingList* findings) {
  FieldsIn fields(bytes);
  uint32_t command = 0;
  uint32_t status = 0;
  fields.U32("free_page_hint_cmd_id", &command);
  fields.U32("free_page_hint_status", &status);
  FreePageHint& hint = *portable->mutable_free_page_hint();
  hint.set_cmd_id(command);
  auto& config = *portable->mutable_config();
  // QEMU's names and what it tells the driver of each.
  switch (status) {
    case 0:
      hint.set_status(FreePageHint::STATUS_STOPPED);
      config.set_free_page_hint_cmd_id(0);
      break;
    case 1:
      hint.set_status(FreePageHint::STATUS_REQUESTED);
      config.set_free_page_hint_cmd_id(command);
      break;
    case 2:
      hint.set_status(FreePageHint::STATUS_STARTED);
      config.set_free_page_hint_cmd_id(0);
      break;
    case 3:
      hint.set_status(FreePageHint::STATUS_DONE);
      config.set_free_page_hint_cmd_id(1);
      break;
    default:
      AddRefusal(findings, "free_page_hint", "its status is ", status,
                 ", expected 0 to 3");
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  BalloonFields balloon;
  DS_RETURN_IF_ERROR(ReadState(saved.virtio, VisitBalloon<FieldsIn>, SizeOf,
                               &state, &balloon));
  AddObstacle(state, findings);
  auto& portable = static_cast<BalloonState&>(*message);
  portable.set_acked_features(state.Features());
  auto& config = *portable.mutable_config();
  config.set_num_pages(balloon.pages);
  config.set_actual(balloon.actual);
  const std::string* const hint = state.Find(kHint);
  if (hint != nullptr && state.Has(kFreePageHintBit)) {
    ReadHint(*hint, &portable, findings);
  }
  const std::string* const poison = state.Find(kPoison);
  if (poison != nullptr && state.Has(kPagePoisonBit)) {
    FieldsIn fields(*poison);
    uint32_t value = 0;
    fields.U32("poison_val", &value);
    config.set_poison_val(value);
  }
  const bool has_statistics = state.Has(kStatsVqBit) &&
                              state.queues.size() > kStatsQueue &&
                              state.queues[kStatsQueue].descriptors != 0;
  if (has_statistics && state.Has(kRingPackedBit)) {
    // The device takes the buffer again, as QEMU does.
    PackedQueue position = state.Packed(kStatsQueue);
    position.last_avail_idx = position.used_idx;
    position.last_avail_wrap = position.used_wrap;
    position.in_use = 0;
    state.SetPacked(kStatsQueue, position);
  } else if (has_statistics && state.queues[kStatsQueue].last_avail_idx != 0) {
    AddLoss(findings, absl::StrCat("queue ", kStatsQueue),
            "the driver may have lent a buffer to ask for statistics with. "
            "QEMU does not save whether it has, so the device will not ask "
            "again until the driver starts anew");
  }
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedBalloon() {
  static const auto& type = *new EmulatedType{"virtio-balloon",
                                              "devices.balloon.v1",
                                              &BalloonState::default_instance(),
                                              &BalloonType(),
                                              Read,
                                              nullptr};
  return type;
}

}  // namespace devstate::qemu
