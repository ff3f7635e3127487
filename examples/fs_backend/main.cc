// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A vhost-user back-end with a real state and no data plane: it shares a
// directory, takes every file in it for looked up by its guest, and hands this
// inode table over in a live migration. Meant to be read; start with
// fs_device.cc.
//
// Log lines go to standard output, one an event.

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "backend/backend.h"
#include "examples/fs_backend/directory_walker.h"
#include "examples/fs_backend/fs_device.h"
#include "examples/fs_backend/table_text.h"
#include "examples/fs_backend/tree.h"
#include "third_party/absl_compat/status_macros.h"

namespace devstate::examples {
namespace {

struct Flags {
  std::string socket_path;
  std::string shared_dir;
  bool await_load = false;
  std::string channel = "pipe";
  std::string fd = "given";
  std::string compression = "automatic";
  std::string table_out;
};

// For the signal handler.
std::atomic<BackendEndpoint*> running_endpoint{nullptr};

void StopEndpoint(int) {
  if (BackendEndpoint* endpoint = running_endpoint.load()) endpoint->Stop();
}

void Log(absl::string_view line) {
  absl::PrintF("%s\n", line);
  std::fflush(stdout);
}

void LogReport(const StateReport& report) {
  const std::string amount = absl::StrFormat(
      "%d records in %d chunks, %d bytes (%d before compression)",
      report.records, report.chunks, report.stream_bytes, report.decoded_bytes);
  switch (report.event) {
    case StateReport::Event::kSaved:
      Log(report.status.ok()
              ? absl::StrCat("saved: ", amount)
              : absl::StrCat("save failed: ", report.status.message()));
      break;
    case StateReport::Event::kVerified:
      Log(report.status.ok() ? absl::StrCat("verified: ", amount, ", verdict ",
                                            VerdictText(report.verdict))
                             : VerdictText(report.verdict));
      break;
    case StateReport::Event::kCommitted:
      Log(report.status.ok()
              ? "committed"
              : absl::StrCat("commit failed: ", report.status.message()));
      break;
  }
}

absl::Status Run(const Flags& flags) {
  StateOptions options;
  options.writer.implementation.set_name("devstate-fs-backend");
  options.writer.implementation.set_version("1");
  DS_ASSIGN_OR_RETURN(options.writer.compression,
                      Compression::Parse(flags.compression));
  DS_ASSIGN_OR_RETURN(const ChannelKind channel,
                      ParseChannelKind(flags.channel));

  // Also of a destination: a directory that is not there is an error now.
  DS_RETURN_IF_ERROR(OpenRoot(flags.shared_dir).status());
  Walk walk;
  if (!flags.await_load) {
    DS_ASSIGN_OR_RETURN(walk, WalkDirectory(flags.shared_dir, WalkOptions()));
  }
  FsDevice device(flags.shared_dir, std::move(walk));
  Log(absl::StrFormat("state: %d inodes, %d open files",
                      device.table().inodes.size(), device.open_files()));
  const auto write_table = [&]() -> absl::Status {
    if (flags.table_out.empty()) return absl::OkStatus();
    return WriteTableText(device.table(), flags.table_out);
  };
  DS_RETURN_IF_ERROR(write_table());

  options.report = LogReport;
  StateHandler<devices::fs::v1::FsStateCodec> handler(&device, options);
  BackendEndpointOptions endpoint_options;
  endpoint_options.socket_path = flags.socket_path;
  if (flags.fd == "own") endpoint_options.transfer.own_channel = channel;
  endpoint_options.log = Log;
  endpoint_options.transfer.report = [&](const TransferReport& report) {
    if (report.direction != TransferDirection::kLoad ||
        report.stage != TransferReport::Stage::kChecked) {
      return;
    }
    if (const absl::Status status = write_table(); !status.ok()) {
      Log(status.message());
    }
  };
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<BackendEndpoint> endpoint,
      BackendEndpoint::Create(&handler, std::move(endpoint_options)));
  running_endpoint = endpoint.get();
  signal(SIGTERM, StopEndpoint);
  signal(SIGINT, StopEndpoint);
  Log(absl::StrCat("listening on ", flags.socket_path));
  const absl::Status status = endpoint->Serve();
  running_endpoint = nullptr;
  return status;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("A vhost-user back-end that hands its inode table over.");
  app.add_option("--socket-path", flags.socket_path, "Unix socket to listen on")
      ->required();
  app.add_option("--shared-dir", flags.shared_dir, "Directory to share")
      ->required();
  app.add_flag("--await-load", flags.await_load,
               "Start without a state, as the destination of a migration");
  app.add_option("--fd", flags.fd,
                 "Use the front-end's channel, or answer with an own one")
      ->check(CLI::IsMember({"given", "own"}))
      ->capture_default_str();
  app.add_option("--channel", flags.channel, "Kind of the own channel")
      ->check(CLI::IsMember({"pipe", "socketpair", "memfd", "file"}))
      ->capture_default_str();
  app.add_option("--compression", flags.compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      ->capture_default_str();
  app.add_option("--table-out", flags.table_out,
                 "File that shows the table at the start and after each load");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Run(flags);
  if (status.ok()) return 0;
  absl::FPrintF(stderr, "fs_backend: %s\n", status.message());
  return 1;
}

}  // namespace
}  // namespace devstate::examples

int main(int argc, char** argv) { return devstate::examples::Main(argc, argv); }
