// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The parts that the example back-ends share, besides their devices: flags,
// log, signals, and the endpoint's life.
//
// Log lines go to standard output, one an event.

#ifndef DEVSTATE_EXAMPLES_COMMON_BACKEND_PROCESS_H_
#define DEVSTATE_EXAMPLES_COMMON_BACKEND_PROCESS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "devstate/backend/backend.h"
#include "devstate/compat/verdict.h"
#include "devstate/third_party/cli11/command_line.h"
#include "devstate/transport/vhost_user/backend_endpoint.h"

namespace devstate::examples {

struct BackendFlags {
  std::string socket_path;
  bool await_load = false;
  std::string channel = "pipe";
  std::string fd = "given";
  std::string compression = "automatic";
  std::string load_report;
  std::string save_as = "own";
  // The version of the schema to check for; 0: none.
  uint32_t pre_check = 0;
  // The folder in which the state outlives the process; empty: it does not.
  std::string state_dir;
  // Whether the service manager holds the state instead of a folder.
  bool state_fdstore = false;
  uint64_t guest_updates = 0;
};

// Add the flags in two parts, so that a back-end's own flags stand where they
// are looked for. Requires: `flags` outlives `program`.
void AddSocketFlag(Command& program, BackendFlags* flags);
void AddTransferFlags(Command& program, BackendFlags* flags);
// Adds the flags of a back-end that has released more than one version of its
// schema.
void AddVersionFlags(Command& program, BackendFlags* flags);
// Adds the flags of a back-end that keeps its state.
void AddStateDirFlags(Command& program, BackendFlags* flags);

// Adds --print-capabilities and --print-manifest of a back-end of QEMU's device
// type `type` with this manifest, as JSON. The process prints and ends,
// whatever other flags there are. Requires: `manifest` is of static storage.
void AddManifestFlags(Command& program, const char* type,
                      absl::string_view manifest);

void Log(absl::string_view line);

// Logs one line on a save, a load or a commit.
void LogReport(const StateReport& report);

// Returns the options of a back-end that writes states as the implementation of
// `manifest`, knows the versions in it, and logs its reports.
absl::StatusOr<StateOptions> MakeStateOptions(const BackendFlags& flags,
                                              absl::string_view manifest);

// Logs whether the version that --pre-check names would hold the state.
// NOT_FOUND if there is no such version.
template <typename Codec>
absl::Status LogPreCheck(const BackendFlags& flags,
                         StateHandler<Codec>& handler) {
  if (flags.pre_check == 0) return absl::OkStatus();
  const absl::StatusOr<Verdict> verdict = handler.PreCheck(flags.pre_check);
  if (!verdict.ok()) return verdict.status();
  Log(absl::StrCat("pre-check of version ", flags.pre_check, ": ",
                   VerdictText(*verdict)));
  return absl::OkStatus();
}

// Listens and serves front-ends until SIGTERM or SIGINT. `after_load` is called
// after each load that CHECK_DEVICE_STATE has asked about, good or not. Its
// error is logged. Requires: called once at a time in a process.
absl::Status ServeBackend(const BackendFlags& flags,
                          vhost_user::VhostUserDeviceOptions device,
                          std::function<absl::Status()> after_load,
                          vhost_user::DeviceStateHandler* handler);

// Returns the exit code of main(). An error goes to standard error.
int ExitCode(absl::string_view program, const absl::Status& status);

}  // namespace devstate::examples

#endif  // DEVSTATE_EXAMPLES_COMMON_BACKEND_PROCESS_H_
