// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/common/backend_process.h"

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "devstate/backend/capabilities.h"
#include "devstate/backend/manifest_archive.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::examples {
namespace {

// For the signal handler.
std::atomic<vhost_user::BackendEndpoint*> running_endpoint{nullptr};

void StopEndpoint(int) {
  if (vhost_user::BackendEndpoint* endpoint = running_endpoint.load())
    endpoint->Stop();
}

}  // namespace

void AddSocketFlag(Command& program, BackendFlags* flags) {
  program
      .AddOption("--socket-path", &flags->socket_path,
                 "Unix socket to listen on")
      .Required();
}

void AddTransferFlags(Command& program, BackendFlags* flags) {
  program.AddFlag("--await-load", &flags->await_load,
                  "Start without a state, as the destination of a migration");
  program
      .AddOption("--fd", &flags->fd,
                 "Use the front-end's channel, or answer with an own one")
      .OneOf({"given", "own"})
      .ShowDefault();
  program.AddOption("--channel", &flags->channel, "Kind of the own channel")
      .OneOf({"pipe", "socketpair", "memfd", "file"})
      .ShowDefault();
  program.AddOption("--load-report", &flags->load_report,
                    "File for the verdict on each load, as JSON");
  program
      .AddOption("--compression", &flags->compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
}

void AddManifestFlags(Command& program, const char* type,
                      absl::string_view manifest) {
  program.AddAction(
      "--print-capabilities",
      [type, manifest] {
        const absl::StatusOr<Manifest> own = ParseOwnManifest(manifest);
        if (!own.ok()) return ExitCode(type, own.status());
        absl::PrintF("%s", CapabilitiesJson(type, {"migrate-precopy"}, *own));
        return 0;
      },
      "Print what the program is and can do, as JSON, and end");
  program.AddAction(
      "--print-manifest",
      [manifest] {
        absl::PrintF("%s", manifest);
        return 0;
      },
      "Print what it can load and save, for devstate check, and end");
}

void AddVersionFlags(Command& program, BackendFlags* flags) {
  program
      .AddOption("--save-as", &flags->save_as,
                 "Version of the schema that is saved: own, a number, or "
                 "lowest for the lowest that holds the state")
      .ShowDefault();
  program.AddOption(
      "--pre-check", &flags->pre_check,
      "Log at the start whether this version would hold the state");
}

void AddStateDirFlags(Command& program, BackendFlags* flags) {
  program.AddOption("--state-dir", &flags->state_dir,
                    "Folder in which the state outlives the process, "
                    "of this back-end alone");
  program.AddFlag("--state-fdstore", &flags->state_fdstore,
                  "Have the service manager hold the state instead, for a unit "
                  "with FileDescriptorStoreMax=4 or more");
  program.AddOption("--guest-updates", &flags->guest_updates,
                    "As if the guest changed the state so many times");
}

void Log(absl::string_view line) {
  absl::PrintF("%s\n", line);
  std::fflush(stdout);
}

void LogReport(const StateReport& report) {
  const std::string amount = absl::StrFormat(
      "%d records in %d chunks, %d bytes with the header (content: %d before "
      "compression)",
      report.records, report.chunks, report.stream_bytes, report.decoded_bytes);
  switch (report.event) {
    case StateReport::Event::kSaved:
      Log(report.status.ok()
              ? absl::StrCat("saved: ", amount, ", chunks prepared: ",
                             report.prepared_chunks, ", schema version ",
                             report.saved_version)
              : absl::StrCat("save failed: ", report.status.message()));
      break;
    case StateReport::Event::kVerified:
      Log(report.status.ok()
              ? absl::StrCat("verified: ", amount, ", ", report.verdict_line)
              : report.verdict_line);
      break;
    case StateReport::Event::kCommitted:
      Log(report.status.ok()
              ? "committed"
              : absl::StrCat("commit failed: ", report.status.message()));
      break;
  }
}

namespace {

absl::StatusOr<SaveVersion> ParseSaveVersion(const std::string& text) {
  SaveVersion result;
  if (text == "own") return result;
  if (text == "lowest") {
    result.choice = SaveVersion::Choice::kLowest;
    return result;
  }
  result.choice = SaveVersion::Choice::kPinned;
  if (!absl::SimpleAtoi(text, &result.version) || result.version == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--save-as ", text, ": give own, lowest, or the number of a version"));
  }
  return result;
}

}  // namespace

absl::StatusOr<StateOptions> MakeStateOptions(const BackendFlags& flags,
                                              absl::string_view manifest) {
  StateOptions options;
  DS_ASSIGN_OR_RETURN(const Manifest own, ParseOwnManifest(manifest));
  options.writer.implementation = {own.implementation().name(),
                                   own.implementation().version()};
  DS_ASSIGN_OR_RETURN(options.writer.compression,
                      Compression::Parse(flags.compression));
  DS_ASSIGN_OR_RETURN(options.archive, ManifestArchive(manifest));
  options.report = LogReport;
  DS_ASSIGN_OR_RETURN(options.save_version, ParseSaveVersion(flags.save_as));
  options.load_report_file = flags.load_report;
  return options;
}

absl::Status ServeBackend(const BackendFlags& flags,
                          vhost_user::VhostUserDeviceOptions device,
                          std::function<absl::Status()> after_load,
                          vhost_user::DeviceStateHandler* handler) {
  vhost_user::BackendEndpointOptions options;
  options.socket_path = flags.socket_path;
  options.device = std::move(device);
  DS_ASSIGN_OR_RETURN(const ChannelKind channel,
                      ParseChannelKind(flags.channel));
  if (flags.fd == "own") options.transfer.own_channel = channel;
  options.log = Log;
  options.transfer.report = [&](const vhost_user::TransferReport& report) {
    if (report.direction != vhost_user::TransferDirection::kLoad ||
        report.stage != vhost_user::TransferReport::Stage::kChecked) {
      return;
    }
    if (const absl::Status status = after_load(); !status.ok()) {
      Log(status.message());
    }
  };
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::BackendEndpoint> endpoint,
      vhost_user::BackendEndpoint::Create(handler, std::move(options)));
  running_endpoint = endpoint.get();
  signal(SIGTERM, StopEndpoint);
  signal(SIGINT, StopEndpoint);
  Log(absl::StrCat("listening on ", flags.socket_path));
  const absl::Status status = endpoint->Serve();
  running_endpoint = nullptr;
  return status;
}

int ExitCode(absl::string_view program, const absl::Status& status) {
  if (status.ok()) return 0;
  absl::FPrintF(stderr, "%s: %s\n", program, status.message());
  return 1;
}

}  // namespace devstate::examples
