// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The example's device: a virtio-net model that can be saved as a portable
// virtio-net state and loaded from one.

#ifndef DEVSTATE_EXAMPLES_NET_BACKEND_NET_DEVICE_H_
#define DEVSTATE_EXAMPLES_NET_BACKEND_NET_DEVICE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "devices/net/v1/net.devstate.h"
#include "devstate/backend/backend.h"
#include "devstate/devices/net/net_model.h"
#include "examples/net_backend/guest_updates.h"

namespace devstate::net::examples {

// The device. Thread-safety: none; StateHandler does not need it to be.
class NetDevice : public StateDevice<devices::net::v1::NetStateCodec> {
 public:
  explicit NetDevice(NetModel model) : model_(std::move(model)) {}

  const NetModel& model() const { return model_; }
  // Takes what a driver has made of the device so far.
  void Begin(NetModel model) { model_ = std::move(model); }
  // Changes the model as a guest would.
  ModelChange Update(uint64_t update) { return UpdateAsGuest(update, &model_); }
  // Writes the rings and requests of a change.
  absl::Status SaveChange(const ModelChange& change,
                          devices::net::v1::NetStateWriter& writer) const;

  absl::Status SaveState(devices::net::v1::NetStateWriter& writer) override;
  std::unique_ptr<StagedState<devices::net::v1::NetStateCodec>> StageLoad()
      override;

 private:
  NetModel model_;
};

}  // namespace devstate::net::examples

#endif  // DEVSTATE_EXAMPLES_NET_BACKEND_NET_DEVICE_H_
