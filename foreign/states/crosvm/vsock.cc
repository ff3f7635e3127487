// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vsock device of crosvm. The kernel works its queues and knows the
// connections, so that the guest is told to drop them. The vhost-user one saves
// nothing.

#include <cstdint>
#include <string>

#include "devices/vsock/v1/vsock.pb.h"
#include "devstate/devices/vsock/check_vsock.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"
#include "devstate/foreign/states/crosvm/members.h"

namespace devstate::crosvm {
namespace {

using ::devices::virtio::v1::Vring;
using ::devices::vsock::v1::VsockState;
using Json = nlohmann::json;

// Reserved are 0 to 2 and the last number of 32 bits.
constexpr uint64_t kFirstCid = 3;
constexpr uint64_t kLastCid = UINT32_MAX - 1;

// Sets the position of a queue to the kernel's. The kernel holds no buffer when
// it is stopped.
void SetBase(const Json& json, const std::string& path, VsockState* state,
             absl::Status* status) {
  Members members(json, path, {"index", "base"}, status);
  const uint64_t index = members.U64("index");
  const uint16_t base = members.U16("base");
  for (Vring& vring : *state->mutable_vrings()) {
    if (vring.index() != index) continue;
    if (!vring.has_split()) return members.Fail("index", "a packed ring");
    vring.mutable_split()->set_last_avail_idx(base);
    vring.mutable_split()->set_used_idx(base);
    vring.mutable_split()->clear_notified_used_idx();
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList*) {
  auto& state = static_cast<VsockState&>(*message);
  absl::Status status;
  Members device(saved.device, "the vsock device",
                 {"cid", "avail_features", "acked_features", "vrings_base"},
                 &status);
  state.set_acked_features(saved.acked_features);
  state.mutable_config()->set_guest_cid(
      device.Number("cid", kFirstCid, kLastCid));
  state.set_reset_pending(true);
  *state.mutable_vrings() = saved.vrings;
  const Json& bases = device.List("vrings_base");
  for (size_t i = 0; i < bases.size(); ++i) {
    SetBase(bases[i], device.PathOf("vrings_base", i), &state, &status);
  }
  return status;
}

}  // namespace

const CrosvmType& CrosvmVsock() {
  static const auto& type = *new CrosvmType{
      /*name=*/"vsock",
      /*schema=*/"devices.vsock.v1",
      /*backend_keys=*/{},
      /*inner_keys=*/{"acked_features", "avail_features", "cid", "vrings_base"},
      &VsockState::default_instance(),
      &VsockType(),
      Read};
  return type;
}

}  // namespace devstate::crosvm
