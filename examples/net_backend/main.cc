// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vhost-user back-end with the state of a network device and no data plane: a
// seed takes the place of the driver that would have set it up, and the state
// is handed over in a live migration. Meant to be read; start with
// net_device.cc.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "devstate/backend/backend.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/devices/net/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "examples/common/backend_process.h"
#include "examples/common/kept_device.h"
#include "examples/net_backend/net_device.h"
#include "examples/net_backend/net_manifest.h"
#include "examples/net_backend/seeded_model.h"
#include "examples/net_backend/state_text.h"

namespace devstate::examples {
namespace {

using ::devices::net::v1::NetStateCodec;
using ::devices::net::v1::NetStateWriter;

struct Flags {
  BackendFlags backend;
  uint64_t seed = 0;
  std::string state_out;
};

vhost_user::VhostUserDeviceOptions DeviceOptions() {
  vhost_user::VhostUserDeviceOptions options;
  options.features = net::kOfferedFeatures;
  // QEMU takes a queue number for one of pairs here.
  options.queue_num = net::kMaxQueuePairs;
  // QEMU asks the back-end to announce a guest that does not announce itself.
  options.protocol_features |= vhost_user::kProtocolFRarp;
  return options;
}

// Lets the guest change the model, which a data plane would do.
absl::Status UpdateAsGuest(uint64_t updates, net::examples::NetDevice& device,
                           KeptDevice<NetStateCodec>& kept) {
  for (uint64_t i = 0; i < updates && !device.model().rings.empty(); ++i) {
    const net::examples::ModelChange change = device.Update(i);
    DS_RETURN_IF_ERROR(kept.Update(
        net::ToRootMessage(device.model()), [&](NetStateWriter& writer) {
          return device.SaveChange(change, writer);
        }));
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(
      StateOptions options,
      MakeStateOptions(flags.backend, devices::net::v1::NetStateManifest()));
  net::examples::NetDevice device{net::NetModel()};
  const WriterOptions kept_options = options.writer;
  StateHandler<NetStateCodec> handler(&device, std::move(options));
  DS_ASSIGN_OR_RETURN(KeptDevice<NetStateCodec> kept,
                      KeptDevice<NetStateCodec>::Open(flags.backend, handler,
                                                      kept_options, &device));
  if (!kept.loaded() && !flags.backend.await_load) {
    device.Begin(net::examples::SeededModel(flags.seed));
  }
  DS_RETURN_IF_ERROR(kept.Start());
  DS_RETURN_IF_ERROR(UpdateAsGuest(flags.backend.guest_updates, device, kept));
  Log(absl::StrFormat("state: %d rings, %d requests in flight",
                      device.model().rings.size(),
                      device.model().requests.size()));
  const auto write_state = [&]() -> absl::Status {
    if (flags.state_out.empty()) return absl::OkStatus();
    return net::examples::WriteStateText(device.model(), flags.state_out);
  };
  DS_RETURN_IF_ERROR(write_state());
  const auto after_load = [&]() -> absl::Status {
    DS_RETURN_IF_ERROR(write_state());
    return kept.Start();
  };

  return ServeBackend(flags.backend, DeviceOptions(), after_load, &handler);
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("net_backend",
                  "A vhost-user back-end that hands a network device over");
  AddSocketFlag(program, &flags.backend);
  program.AddOption("--seed", &flags.seed, "What the guest did with the device")
      .ShowDefault();
  AddTransferFlags(program, &flags.backend);
  AddStateDirFlags(program, &flags.backend);
  AddManifestFlags(program, "net", devices::net::v1::NetStateManifest());
  program.AddOption(
      "--state-out", &flags.state_out,
      "File that shows the state at the start and after each load; "
      "it has the guest's hash keys");
  program.run = [&flags] { return ExitCode("net_backend", Run(flags)); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) { return devstate::examples::Main(argc, argv); }
