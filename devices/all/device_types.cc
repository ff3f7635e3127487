// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/all/device_types.h"

#include "devices/fs/v1/fs.pb.h"
#include "devstate/devices/balloon/check_balloon.h"
#include "devstate/devices/blk/check_blk.h"
#include "devstate/devices/can/check_can.h"
#include "devstate/devices/console/check_console.h"
#include "devstate/devices/gpio/check_gpio.h"
#include "devstate/devices/gpu/check_gpu.h"
#include "devstate/devices/input/check_input.h"
#include "devstate/devices/iommu/check_iommu.h"
#include "devstate/devices/mem/check_mem.h"
#include "devstate/devices/net/check_net.h"
#include "devstate/devices/nvme/check_nvme.h"
#include "devstate/devices/opaque/check_opaque.h"
#include "devstate/devices/rng/check_rng.h"
#include "devstate/devices/rtc/check_rtc.h"
#include "devstate/devices/scsi/check_scsi.h"
#include "devstate/devices/snd/check_snd.h"
#include "devstate/devices/vsock/check_vsock.h"
#include "devstate/options.pb.h"
#include "devstate/schema/fingerprint.h"

namespace devstate {
namespace {

// What a back-end of this type checks on its own table of a state:
// examples/fs_backend.
void CheckedByBackEnd(const google::protobuf::Message&, BrokenRules*) {}

const DeviceType& FsType() {
  static const auto& type = *new DeviceType{
      ::devices::fs::v1::FsState::descriptor(), {}, {}, &CheckedByBackEnd};
  return type;
}

}  // namespace

const std::vector<const DeviceType*>& AllDeviceTypes() {
  static const auto& types = *new std::vector<const DeviceType*>{
      &BalloonType(), &BlkType(),  &CanType(),    &ConsoleType(), &FsType(),
      &GpioType(),    &GpuType(),  &InputType(),  &IommuType(),   &MemType(),
      &NetType(),     &NvmeType(), &OpaqueType(), &RngType(),     &RtcType(),
      &ScsiType(),    &SndType(),  &VsockType()};
  return types;
}

const DeviceType* FindDeviceType(absl::string_view schema) {
  for (const DeviceType* type : AllDeviceTypes()) {
    if (SchemaName(*type) == schema) return type;
  }
  return nullptr;
}

std::string SchemaName(const DeviceType& type) {
  return type.root->options().GetExtension(devstate::message).schema();
}

bool HasSchema(const DeviceType& type, const SchemaModel& schema) {
  return Fingerprint(*type.root) == schema.fingerprint;
}

}  // namespace devstate
