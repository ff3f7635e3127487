// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate upgrade: another back-end for a proxy, under a running guest.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/verb.h"
#include "devstate/compat/json_text.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/control_socket.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/unix_socket.h"

namespace devstate {
namespace {

struct UpgradeFlags {
  std::string proxy;
  std::string backend;
  std::string command;
  std::string backend_format;
  bool itself = false;
  std::string program;
  std::string implementation;
  std::string implementation_version;
  uint32_t retries = 3;
  bool dry_run = false;
  bool without_state = false;
  double timeout_seconds = 300;
  std::string format = "text";
};

absl::StatusOr<ExchangeRequest> MakeRequest(const UpgradeFlags& flags) {
  const int named = int{!flags.backend.empty()} + int{!flags.command.empty()} +
                    int{flags.itself};
  if (named != 1) {
    return absl::InvalidArgumentError(
        "name the new back-end with either --backend or --command, or exchange "
        "the proxy with --itself");
  }
  if (!flags.program.empty() && !flags.itself) {
    return absl::InvalidArgumentError(
        "--program is the proxy's; say --itself, too");
  }
  if (flags.itself && flags.dry_run) {
    return absl::InvalidArgumentError(
        "--itself has no --dry-run: the new program is always rehearsed, and "
        "the old one goes on if that fails");
  }
  ExchangeRequest request;
  request.set_itself(flags.itself);
  if (!flags.program.empty()) {
    // The proxy is in another folder.
    request.set_program(std::filesystem::absolute(flags.program).string());
  }
  request.set_socket(flags.backend);
  request.set_command(flags.command);
  request.set_dry_run(flags.dry_run);
  request.set_without_state(flags.without_state);
  request.set_backend_format(flags.backend_format);
  request.set_retries(flags.retries);
  request.set_implementation(flags.implementation);
  request.set_implementation_version(flags.implementation_version);
  return request;
}

absl::StatusOr<ExchangeReport> Ask(const UpgradeFlags& flags) {
  DS_ASSIGN_OR_RETURN(const ExchangeRequest request, MakeRequest(flags));
  const Deadline deadline =
      Deadline::After(absl::Seconds(flags.timeout_seconds));
  DS_ASSIGN_OR_RETURN(const FileDescriptor socket,
                      ConnectUnix(flags.proxy, deadline));
  absl::Status status = proxy::SendControl(socket.get(), request, deadline);
  ExchangeReport report;
  if (status.ok()) {
    status = proxy::ReceiveControl(socket.get(), deadline, &report);
  }
  if (status.ok()) return report;
  return absl::Status(
      status.code(),
      absl::StrCat(flags.proxy, ": ", status.message(),
                   "; name the --control of a devstate proxy, whose log says "
                   "more"));
}

absl::Status Print(const UpgradeFlags& flags, const ExchangeReport& report) {
  if (flags.format == "json") {
    JsonStyle style;
    style.indented = true;
    style.all_fields = true;
    DS_ASSIGN_OR_RETURN(const std::string json, JsonText(report, style));
    absl::PrintF("%s", json);
    return absl::OkStatus();
  }
  for (const ExchangeStage& stage : report.stages()) {
    absl::PrintF("%-9s %8.1f ms\n", stage.name(), stage.milliseconds());
  }
  if (report.stopped_milliseconds() > 0) {
    absl::PrintF("the rings stood still for %.1f ms\n",
                 report.stopped_milliseconds());
  }
  if (!report.state().empty()) {
    absl::PrintF("state: %d bytes, %s\n", report.state_bytes(), report.state());
  }
  const char* const what = flags.itself ? "proxy" : "back-end";
  if (!report.exchanged()) {
    absl::PrintF("refused: %s\n%s\n", report.refusal(),
                 report.old_serves() || flags.itself
                     ? absl::StrCat("the old ", what, " goes on")
                     : "no back-end serves the device");
  } else {
    absl::PrintF("%s\n", flags.dry_run
                             ? "the new back-end would do; the old one goes on"
                             : absl::StrCat("the new ", what, " serves"));
  }
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<UpgradeFlags>();
  verb.AddOption("--proxy", &flags->proxy,
                 "The control socket of the device's proxy")
      .Value("PATH")
      .Required();
  verb.AddOption("--backend", &flags->backend,
                 "The socket of the new back-end, which runs")
      .Value("PATH");
  verb.AddOption("--command", &flags->command,
                 "Command that starts the new back-end, as of devstate proxy")
      .Value("COMMAND");
  verb.AddFlag("--itself", &flags->itself,
               "Exchange the program of the proxy; the back-end stays");
  verb.AddOption("--program", &flags->program,
                 "The file of the new program of the proxy; default: where the "
                 "running one was started from")
      .Value("FILE");
  verb.AddFlag("--dry-run", &flags->dry_run,
               "Do all but the switch; the old back-end goes on");
  verb.AddFlag("--without-state", &flags->without_state,
               "The device has no state but its rings, as a disk whose "
               "requests may be repeated");
  verb.AddOption("--backend-format", &flags->backend_format,
                 "What the new back-end reads, as of devstate proxy; default: "
                 "what the old one saves");
  verb.AddOption("--implementation", &flags->implementation,
                 "Name of the new back-end's implementation, as of devstate "
                 "proxy")
      .Value("NAME");
  verb.AddOption("--implementation-version", &flags->implementation_version,
                 "Its version")
      .Value("VERSION");
  verb.AddOption("--retries", &flags->retries,
                 "How often to try again, a second later, after the new "
                 "back-end has refused the state")
      .ShowDefault();
  verb.AddOption("--timeout", &flags->timeout_seconds,
                 "Seconds to wait for the proxy's report")
      .InRange(0.1, 86400.0)
      .ShowDefault();
  verb.AddOption("--format", &flags->format, "How to print the report")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.footer =
      ExitCodesText({{kExitOk, "the new back-end serves"},
                     {kExitRefused, "the old one goes on, or none does"},
                     {kExitUsageOrIo}}) +
      "Example: devstate upgrade --proxy /run/fs0.control --command "
      "'virtiofsd-1.14 --fd {fd} --shared-dir /srv'";
  verb.run = [flags] {
    const absl::StatusOr<ExchangeReport> report = Ask(*flags);
    const absl::Status status =
        report.ok() ? Print(*flags, *report) : report.status();
    if (!status.ok()) {
      absl::FPrintF(stderr, "devstate: %s\n", status.message());
      return kExitUsageOrIo;
    }
    return report->exchanged() ? kExitOk : kExitRefused;
  };
}

const VerbRegistration kRegistration(
    "upgrade",
    "Exchange the back-end of a proxy, or the proxy, under a running guest",
    Define);

}  // namespace
}  // namespace devstate
