// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vhost-user back-end with a real state and no data plane: it shares a
// directory, takes every file in it for looked up by its guest, and hands this
// inode table over in a live migration. Meant to be read; start with
// fs_device.cc.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "examples/common/backend_process.h"
#include "examples/common/kept_device.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/release.h"
#include "examples/fs_backend/running_guest.h"
#include "examples/fs_backend/table_text.h"
#include "examples/fs_backend/tree.h"

namespace devstate::examples {
namespace {

using ::devices::fs::v1::FsStateCodec;
using ::devices::fs::v1::FsStateWriter;

struct Flags {
  BackendFlags backend;
  std::string shared_dir;
  std::string table_out;
  WalkOptions walk;
  bool rounds = false;
  uint64_t guest_rate = 0;
};

// Lets the guest change the table, which a data plane would do.
absl::Status UpdateAsGuest(uint64_t updates, FsDevice& device,
                           KeptDevice<FsStateCodec>& kept) {
  for (uint64_t i = 0; i < updates && !device.table().inodes.empty(); ++i) {
    const TableChange change = device.Update(i);
    DS_RETURN_IF_ERROR(kept.Update(device.Root(), [&](FsStateWriter& writer) {
      return device.SaveChange(change, writer);
    }));
  }
  return absl::OkStatus();
}

absl::Status Run(const Flags& flags) {
  if (flags.guest_rate != 0 &&
      (!flags.backend.state_dir.empty() || flags.backend.state_fdstore)) {
    return absl::InvalidArgumentError(
        "--guest-rate changes a state that --state-dir and --state-fdstore do "
        "not see: give one of them");
  }
  DS_ASSIGN_OR_RETURN(StateOptions options,
                      MakeStateOptions(flags.backend, ManifestOfRelease()));
  // Also of a destination: a directory that is not there is an error now.
  DS_RETURN_IF_ERROR(OpenRoot(flags.shared_dir).status());
  FsDevice device(flags.shared_dir, Walk());
  const WriterOptions kept_options = options.writer;
  StateHandler<FsStateCodec> handler(&device, std::move(options));
  DS_ASSIGN_OR_RETURN(KeptDevice<FsStateCodec> kept,
                      KeptDevice<FsStateCodec>::Open(flags.backend, handler,
                                                     kept_options, &device));
  if (!kept.loaded() && !flags.backend.await_load) {
    DS_ASSIGN_OR_RETURN(Walk walk, WalkDirectory(flags.shared_dir, flags.walk));
    device.Begin(std::move(walk));
  }
  DS_RETURN_IF_ERROR(kept.Start());
  DS_RETURN_IF_ERROR(UpdateAsGuest(flags.backend.guest_updates, device, kept));
  Log(absl::StrFormat("state: %d inodes, %d open files",
                      device.table().inodes.size(), device.open_files()));
  const auto write_table = [&]() -> absl::Status {
    if (device.changed_files() > 0) {
      Log(absl::StrFormat("%d files were changed since the source looked",
                          device.changed_files()));
    }
    if (flags.table_out.empty()) return absl::OkStatus();
    return WriteTableText(device.table(), flags.table_out);
  };
  DS_RETURN_IF_ERROR(write_table());
  const auto after_load = [&]() -> absl::Status {
    DS_RETURN_IF_ERROR(write_table());
    return kept.Start();
  };

  DS_RETURN_IF_ERROR(LogPreCheck(flags.backend, handler));
  vhost_user::VhostUserDeviceOptions protocol;
  protocol.on_features = [&handler](uint64_t features) {
    handler.SetMigrating((features & vhost_user::kVhostFLogAll) != 0);
    return absl::OkStatus();
  };
  if (flags.rounds) protocol.protocol_features |= vhost_user::kProtocolFRounds;
  RunningGuest guest(&device, flags.guest_rate);
  protocol.on_running = [&guest](bool running) { guest.SetRunning(running); };
  return ServeBackend(flags.backend, std::move(protocol), after_load, &handler);
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("fs_backend",
                  "A vhost-user back-end that hands its inode table over");
  AddSocketFlag(program, &flags.backend);
  program.AddOption("--shared-dir", &flags.shared_dir, "Directory to share")
      .Required();
  const ReleaseFeatures features = FeaturesOfRelease();
  if (features.change_times) {
    program.AddFlag("--change-times", &flags.walk.change_times,
                    "Note when each file was changed");
  }
  if (features.locks) {
    program.AddFlag("--locks", &flags.walk.locks,
                    "As if the guest held locks on its open files");
  }
  program.AddFlag("--rounds", &flags.rounds,
                  "Offer states in rounds, for devstate migrate --rounds");
  program.AddOption("--guest-rate", &flags.guest_rate,
                    "As if the guest changed the state so many times a second "
                    "while a ring is started");
  AddTransferFlags(program, &flags.backend);
  AddVersionFlags(program, &flags.backend);
  AddStateDirFlags(program, &flags.backend);
  AddManifestFlags(program, "fs", ManifestOfRelease());
  program.AddOption(
      "--table-out", &flags.table_out,
      "File that shows the table at the start and after each load");
  program.run = [&flags] { return ExitCode("fs_backend", Run(flags)); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) { return devstate::examples::Main(argc, argv); }
