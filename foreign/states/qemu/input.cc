// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Keyboards, mice and tablets as QEMU emulates them. Which keys are down and
// which LEDs are on is not saved.

#include <cstdint>

#include "devices/input/v1/input.pb.h"
#include "devstate/devices/input/check_input.h"
#include "devstate/foreign/states/qemu/emulated_type.h"
#include "devstate/foreign/states/qemu/fields.h"
#include "devstate/foreign/states/qemu/refusals.h"
#include "devstate/foreign/states/qemu/rings.h"
#include "devstate/foreign/states/qemu/virtio_state.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::qemu {
namespace {

using ::devices::input::v1::InputState;

struct NoFields {};

template <typename Fields>
void VisitInput(Fields&, const VirtioState&, NoFields*) {}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  VirtioState state;
  NoFields none;
  DS_RETURN_IF_ERROR(
      ReadState(saved.virtio, VisitInput<FieldsIn>, nullptr, &state, &none));
  AddObstacle(state, findings);
  auto& portable = static_cast<InputState&>(*message);
  portable.set_acked_features(state.Features());
  auto& config = *portable.mutable_config();
  config.set_select(static_cast<uint32_t>(LittleEndian(state.config, 0, 1)));
  config.set_subsel(static_cast<uint32_t>(LittleEndian(state.config, 1, 1)));
  AddRings(state, portable.inflight(), portable.mutable_vrings(), findings);
  return absl::OkStatus();
}

}  // namespace

const EmulatedType& EmulatedInput() {
  static const auto& type = *new EmulatedType{"virtio-input",
                                              "devices.input.v1",
                                              &InputState::default_instance(),
                                              &InputType(),
                                              Read,
                                              nullptr};
  return type;
}

}  // namespace devstate::qemu
