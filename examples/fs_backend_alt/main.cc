// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Another back-end for the device of fs_backend, as another project would write
// it: a guest moves between the two, either way.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "devstate/backend/backend.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/cli11/command_line.h"
#include "examples/common/backend_process.h"
#include "examples/common/text_file.h"
#include "examples/fs_backend_alt/alt_device.h"
#include "examples/fs_backend_alt/fs_alt_manifest.h"

namespace devstate::examples::alt {
namespace {

using ::devices::fs::v1::FsStateCodec;

constexpr size_t kMaxWantedPaths = 64;

struct Flags {
  BackendFlags backend;
  std::string shared_dir;
  std::string table_out;
};

absl::StatusOr<AltState> InitialState(const Flags& flags) {
  AltState state;
  if (flags.backend.await_load) return state;
  DS_ASSIGN_OR_RETURN(state.tree, FileTree::Scan(flags.shared_dir, 150));
  for (const auto& [id, file] : state.tree.open_files) {
    if (state.wanted_paths.size() == kMaxWantedPaths) break;
    state.wanted_paths.push_back(
        state.tree.PathOf(state.tree.nodes.at(file.node)));
  }
  return state;
}

absl::Status Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(
      StateOptions options,
      MakeStateOptions(flags.backend, devices::fs::v1::FsStateManifest()));
  DS_ASSIGN_OR_RETURN(AltState state, InitialState(flags));
  AltDevice device(flags.shared_dir, std::move(state));
  const auto show = [&]() -> absl::Status {
    const AltState& now = device.state();
    Log(absl::StrFormat(
        "state: %d nodes, %d open files; private: %d wanted paths, %d loads",
        now.tree.nodes.size(), now.tree.open_files.size(),
        now.wanted_paths.size(), now.loads));
    if (flags.table_out.empty()) return absl::OkStatus();
    return WriteTextFile(flags.table_out, "the tree", "--table-out",
                         [&](std::ostream& out) { now.tree.Print(out); });
  };
  DS_RETURN_IF_ERROR(show());
  StateHandler<FsStateCodec> handler(&device, std::move(options));
  DS_RETURN_IF_ERROR(LogPreCheck(flags.backend, handler));
  return ServeBackend(flags.backend, vhost_user::VhostUserDeviceOptions(), show,
                      &handler);
}

int Main(int argc, char** argv) {
  Flags flags;
  Command program("fs_backend_alt",
                  "Another vhost-user back-end for what fs_backend shares");
  AddSocketFlag(program, &flags.backend);
  program.AddOption("--shared-dir", &flags.shared_dir, "Directory to share")
      .Required();
  AddTransferFlags(program, &flags.backend);
  AddVersionFlags(program, &flags.backend);
  AddManifestFlags(program, "fs", devices::fs::v1::FsStateManifest());
  program.AddOption(
      "--table-out", &flags.table_out,
      "File that shows the tree at the start and after each load");
  program.run = [&flags] { return ExitCode("fs_backend_alt", Run(flags)); };
  return RunCommand(program, argc, argv);
}

}  // namespace
}  // namespace devstate::examples::alt

int main(int argc, char** argv) {
  return devstate::examples::alt::Main(argc, argv);
}
