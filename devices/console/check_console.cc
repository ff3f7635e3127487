// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/console/check_console.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "devices/console/v1/console.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_pieces.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::console::v1::ConsoleState;
using ::devices::console::v1::ControlMessage;
using ::devices::console::v1::Port;

constexpr int kMultiportBit = 1;
// VIRTIO_CONSOLE_* events.
constexpr uint32_t kDeviceRemove = 2;
constexpr uint32_t kPortOpen = 6;

constexpr DeviceRule kMaxPorts = {
    "console-max-ports",
    "The driver has negotiated several ports, and their number is missing.",
    "Save config.max_nr_ports, which decides how many queues there are."};
constexpr DeviceRule kPortId = {
    "console-port-id", "The device has no port of this number.",
    "Save the ports that the device has, and port 0 alone without "
    "VIRTIO_CONSOLE_F_MULTIPORT."};
constexpr DeviceRule kPortReady = {
    "console-port-ready", "The guest has opened a port that it has not added.",
    "Save `ready` of each port for which the driver has said "
    "VIRTIO_CONSOLE_PORT_READY."};
constexpr DeviceRule kPortClosed = {
    "console-port-closed", "Data waits in a port that is not open.",
    "Drop the data of a port that either end has closed."};
constexpr DeviceRule kControl = {
    "console-control", "A control message is one that no driver can follow.",
    "Drop the messages of a port that is gone, but for its removal."};

void CheckPort(const Port& port, uint32_t ports, bool multiport,
               const std::string& path, BrokenRules* broken) {
  if (port.id() >= ports) {
    broken->Add(kPortId, path + ".id", port.id(), ", the device has ", ports,
                " ports");
  }
  if (!multiport) return;
  if (port.guest_open() && !port.ready()) {
    broken->Add(kPortReady, path + ".guest_open",
                "it is set, and ready is not");
  }
  const bool open = port.guest_open() && port.host_open();
  if (!open && (port.to_guest_bytes() != 0 || port.from_guest_bytes() != 0)) {
    broken->Add(kPortClosed, path, port.to_guest_bytes(), " and ",
                port.from_guest_bytes(),
                " bytes wait in a port that not both ends have open");
  }
}

void CheckControl(const ControlMessage& message,
                  const std::map<uint64_t, uint64_t>& ports,
                  const std::string& path, BrokenRules* broken) {
  if (message.event() != kDeviceRemove && ports.count(message.port()) == 0) {
    broken->Add(kControl, path + ".port", "there is no port ", message.port());
  }
  if (message.event() == kPortOpen && message.value() > 1) {
    broken->Add(kControl, path + ".value", message.value(),
                ", VIRTIO_CONSOLE_PORT_OPEN says 0 or 1");
  }
}

// Receive queues have even numbers, those of control among them.
virtio::QueueUse UseOf(uint32_t queue) {
  return {queue % 2 != 0, queue % 2 == 0};
}

void Check(const ConsoleState& state, BrokenRules* broken) {
  const bool multiport = (state.acked_features() >> kMultiportBit & 1) != 0;
  if (multiport && !state.config().has_max_nr_ports()) {
    broken->Add(kMaxPorts, "config.max_nr_ports", "it is absent");
  }
  const uint32_t ports = multiport && state.config().has_max_nr_ports()
                             ? state.config().max_nr_ports()
                             : 1;
  std::map<uint64_t, uint64_t> to_guest;
  std::map<uint64_t, uint64_t> from_guest;
  for (int i = 0; i < state.ports_size(); ++i) {
    const Port& port = state.ports(i);
    CheckPort(port, ports, multiport, PlaceOf("ports", i), broken);
    to_guest[port.id()] = port.to_guest_bytes();
    from_guest[port.id()] = port.from_guest_bytes();
  }
  for (int i = 0; i < state.control_messages_size(); ++i) {
    CheckControl(state.control_messages(i), to_guest,
                 PlaceOf("control_messages", i), broken);
  }
  virtio::CheckPieces("to_guest", state.to_guest(), to_guest, broken);
  virtio::CheckPieces("from_guest", state.from_guest(), from_guest, broken);
  virtio::CheckRingsOf(state, multiport ? 2 * (ports + 1) : 2, UseOf, broken);
}

}  // namespace

const DeviceType& ConsoleType() {
  static const auto& type = *new DeviceType{
      ConsoleState::descriptor(),
      {{"VIRTIO_CONSOLE_F_SIZE", 0},
       {"VIRTIO_CONSOLE_F_MULTIPORT", kMultiportBit}},
      JoinRules({&kMaxPorts, &kPortId, &kPortReady, &kPortClosed, &kControl},
                {&virtio::RingRules(), &virtio::PieceRules()}),
      &CheckAs<ConsoleState, &Check>};
  return type;
}

}  // namespace devstate
