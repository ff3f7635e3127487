// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The commands that set a network device up through its control queue. A device
// that takes no state, such as one of vDPA, is restored with them.

#ifndef DEVSTATE_DEVICES_NET_CONTROL_QUEUE_H_
#define DEVSTATE_DEVICES_NET_CONTROL_QUEUE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "devices/net/v1/net.pb.h"

namespace devstate::net {

// A command of the control queue (VIRTIO 1.3, section 5.1.6.5).
struct ControlCommand {
  uint8_t command_class = 0;
  uint8_t command = 0;
  // As the standard calls it: "VIRTIO_NET_CTRL_RX_PROMISC".
  absl::string_view name;
  // What follows class and command, little-endian.
  std::string data;
};

struct ControlPlan {
  // In the order in which they are given, after DRIVER_OK and before the queues
  // for data are enabled.
  std::vector<ControlCommand> commands;
  // What no command sets, one line each.
  std::vector<std::string> left_out;
};

// Returns the commands that bring a device, which has been reset and has
// negotiated the features of `state`, into that state. The order is that of
// QEMU, which restores vDPA devices so.
//
// A device is promiscuous after a reset if VIRTIO_NET_F_CTRL_RX was negotiated,
// as those of Linux and QEMU are.
//
// Requires: the state breaks no rule of its schema or type.
ControlPlan PlanControlQueue(const ::devices::net::v1::NetState& state);

}  // namespace devstate::net

#endif  // DEVSTATE_DEVICES_NET_CONTROL_QUEUE_H_
