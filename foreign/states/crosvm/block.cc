// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A disk of crosvm. What it saves are features and, in its own process, queues.

#include "devices/blk/v1/blk.pb.h"
#include "devstate/devices/blk/check_blk.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"

namespace devstate::crosvm {
namespace {

using ::devices::blk::v1::BlkState;

constexpr int kMq = 12;

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  auto& state = static_cast<BlkState&>(*message);
  state.set_acked_features(saved.acked_features);
  auto& config = *state.mutable_config();
  if (saved.Has(kMq) && saved.queues != 0) config.set_num_queues(saved.queues);
  *state.mutable_vrings() = saved.vrings;
  if (config.capacity() == 0) {
    AddRefusal(findings, "config.capacity",
               "crosvm does not save it, and a disk of another size would lose "
               "data: add the size of the disk in sectors of 512 bytes, --add "
               "'config { capacity: N }'");
  }
  return absl::OkStatus();
}

}  // namespace

const CrosvmType& CrosvmBlock() {
  static const auto& type = *new CrosvmType{/*name=*/"block",
                                            /*schema=*/"devices.blk.v1",
                                            /*backend_keys=*/{"avail_features"},
                                            /*inner_keys=*/{},
                                            &BlkState::default_instance(),
                                            &BlkType(),
                                            Read};
  return type;
}

}  // namespace devstate::crosvm
