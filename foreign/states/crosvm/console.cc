// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A console of crosvm with its ports. crosvm takes each port for open at both
// ends, whatever the driver says. What a port is called, and whether it is a
// console, is said on the command line and not saved.

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "devices/console/v1/console.pb.h"
#include "devstate/devices/console/check_console.h"
#include "devstate/foreign/device_findings.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"
#include "devstate/foreign/states/crosvm/members.h"
#include "devstate/schema/pieces.h"

namespace devstate::crosvm {
namespace {

using ::devices::console::v1::ConsoleState;
using ::devices::console::v1::Port;

constexpr int kMultiport = 1;
// As many as the schema has.
constexpr size_t kMostPorts = 511;

void AddInput(uint32_t port, absl::string_view input, ConsoleState* state) {
  for (size_t at = 0; at < input.size(); at += kMaxPieceBytes) {
    auto& piece = *state->add_to_guest();
    piece.set_owner(port);
    piece.set_offset(at);
    piece.set_data(std::string(input.substr(at, kMaxPieceBytes)));
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList* findings) {
  absl::Status status;
  Members device(saved.device, "the console", {"avail_features", "ports"},
                 &status);
  const auto& ports = device.List("ports");
  if (ports.empty() || ports.size() > kMostPorts) {
    device.Fail("ports", "expected 1 to 511 of them");
  }
  if (!device.ok()) return status;
  auto& state = static_cast<ConsoleState&>(*message);
  state.set_acked_features(saved.acked_features);
  state.mutable_config();
  state.clear_ports();
  state.clear_to_guest();
  const bool multiport = saved.Has(kMultiport);
  if (multiport) {
    state.mutable_config()->set_max_nr_ports(
        static_cast<uint32_t>(ports.size()));
  }
  const bool driven = saved.acked_features != 0;
  for (uint32_t id = 0; id < ports.size(); ++id) {
    const std::string path = device.PathOf("ports", id);
    Members saved_port(ports[id], path, {"input_buffer"}, &status);
    const std::string input = saved_port.Bytes("input_buffer");
    if (!status.ok()) return status;
    if (!input.empty() && (!driven || (id != 0 && !multiport))) {
      AddLoss(findings, path, input.size(),
              " bytes for a port that the driver does not have yet");
    }
    // Without the feature the driver knows of the first port alone.
    if (id != 0 && !multiport) continue;
    Port& port = *state.add_ports();
    port.set_id(id);
    port.set_guest_open(driven);
    port.set_host_open(driven);
    port.set_ready(driven);
    if (!driven) continue;
    port.set_to_guest_bytes(input.size());
    AddInput(id, input, &state);
  }
  *state.mutable_vrings() = saved.vrings;
  return status;
}

}  // namespace

const CrosvmType& CrosvmConsole() {
  static const auto& type =
      *new CrosvmType{/*name=*/"console",
                      /*schema=*/"devices.console.v1",
                      /*backend_keys=*/{"avail_features", "ports"},
                      /*inner_keys=*/{"avail_features", "ports"},
                      &ConsoleState::default_instance(),
                      &ConsoleType(),
                      Read};
  return type;
}

}  // namespace devstate::crosvm
