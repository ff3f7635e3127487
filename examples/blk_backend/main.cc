// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A virtio-blk back-end on a file. It may be killed at any moment: the
// front-end keeps the requests in flight, and the next process carries them
// out. Its state can be handed over in a live migration. Meant to be read;
// start with blk_queue.cc, then blk_data_plane.cc.

#include <signal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "examples/blk_backend/blk_data_plane.h"
#include "examples/blk_backend/blk_device.h"
#include "examples/blk_backend/blk_manifest.h"
#include "examples/blk_backend/disk.h"
#include "examples/common/backend_process.h"

namespace devstate::examples {
namespace {

struct Flags {
  BackendFlags backend;
  std::string disk;
  blk::examples::BlkOptions blk;
};

vhost_user::VhostUserDeviceOptions DeviceOptions(
    const Flags& flags, blk::examples::BlkDataPlane* plane) {
  vhost_user::VhostUserDeviceOptions options;
  options.features = blk::examples::OfferedBlkFeatures();
  options.queue_num = flags.blk.queues;
  options.data_plane = plane;
  // What is written to guest memory is not logged.
  options.protocol_features &= ~vhost_user::kProtocolFLogShmfd;
  options.protocol_features |= vhost_user::kProtocolFConfig |
                               vhost_user::kProtocolFInflightShmfd |
                               vhost_user::kProtocolFGetVringBaseInflight |
                               vhost_user::kProtocolFGetVringBaseSkipDrain;
  return options;
}

absl::Status Run(Flags& flags) {
  DS_ASSIGN_OR_RETURN(
      StateOptions options,
      MakeStateOptions(flags.backend, devices::blk::v1::BlkStateManifest()));
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<blk::examples::Disk> disk,
                      blk::examples::Disk::Open(flags.disk));
  flags.blk.log = Log;
  // The descriptors that drivers are notified by are the front-end's, and may
  // be pipes that nobody reads.
  signal(SIGPIPE, SIG_IGN);
  blk::examples::BlkDataPlane plane(disk.get(), flags.blk);
  blk::examples::BlkDevice device(&plane);
  StateHandler<devices::blk::v1::BlkStateCodec> handler(&device,
                                                        std::move(options));
  return ServeBackend(
      flags.backend, DeviceOptions(flags, &plane),
      [] { return absl::OkStatus(); }, &handler);
}

int Main(int argc, char** argv) {
  Flags flags;
  flags.blk.device_id = "devstate";
  Command program("blk_backend", "A vhost-user back-end for a disk in a file");
  AddSocketFlag(program, &flags.backend);
  program.AddOption("--disk", &flags.disk, "File that is the disk").Required();
  program
      .AddOption("--device-id", &flags.blk.device_id,
                 "Serial number that the driver reads, up to 20 bytes")
      .ShowDefault();
  program.AddOption("--queues", &flags.blk.queues, "Number of queues")
      .InRange(1, 256)
      .ShowDefault();
  program
      .AddOption("--workers", &flags.blk.workers,
                 "Number of requests that are carried out at the same time")
      .InRange(1, 64)
      .ShowDefault();
  program
      .AddOption("--latency-us", &flags.blk.latency_us,
                 "Microseconds that each request takes at least")
      .ShowDefault();
  AddTransferFlags(program, &flags.backend);
  AddManifestFlags(program, "blk", devices::blk::v1::BlkStateManifest());
  program.run = [&flags] { return ExitCode("blk_backend", Run(flags)); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) { return devstate::examples::Main(argc, argv); }
