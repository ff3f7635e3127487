// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The state of the device as a portable virtio-blk state.

#ifndef DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DEVICE_H_
#define DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DEVICE_H_

#include <memory>

#include "absl/status/status.h"
#include "devices/blk/v1/blk.devstate.h"
#include "devstate/backend/backend.h"
#include "examples/blk_backend/blk_data_plane.h"

namespace devstate::blk::examples {

// Thread-safety: none; StateHandler does not need it to be.
class BlkDevice : public StateDevice<devices::blk::v1::BlkStateCodec> {
 public:
  // Requires: `plane` outlives this.
  explicit BlkDevice(BlkDataPlane* plane) : plane_(*plane) {}

  absl::Status SaveState(devices::blk::v1::BlkStateWriter& writer) override;
  std::unique_ptr<StagedState<devices::blk::v1::BlkStateCodec>> StageLoad()
      override;

 private:
  BlkDataPlane& plane_;
};

}  // namespace devstate::blk::examples

#endif  // DEVSTATE_EXAMPLES_BLK_BACKEND_BLK_DEVICE_H_
