// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate probe: can the device of a running back-end be migrated?

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/live_backend.h"
#include "cli/migration_obstacles.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/live.pb.h"
#include "devstate/proxy/capabilities.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/vhost_user_features.h"

namespace devstate {
namespace {

struct ProbeFlags {
  std::string socket;
  std::string format = "text";
  bool queues = false;
  double timeout_seconds = 10;
};

void PrintBits(
    const char* title,
    const google::protobuf::RepeatedPtrField<OfferedFeature>& features) {
  absl::PrintF("%s%s\n", title, features.empty() ? ": none" : "");
  for (const OfferedFeature& feature : features) {
    absl::PrintF("  %2d  %s\n", feature.bit(), feature.name());
  }
}

void PrintText(const ProbeReport& report) {
  absl::PrintF("%s: %s\n", report.socket(),
               report.can_migrate()
                   ? Painted("can migrate", Colour::kGreen, STDOUT_FILENO)
                   : Painted("cannot migrate", Colour::kRed, STDOUT_FILENO));
  for (const MigrationObstacle& obstacle : report.obstacles()) {
    absl::PrintF("%s (%s) is not offered\n  %s\n  Remedy: %s.\n",
                 obstacle.feature(), obstacle.place(), obstacle.consequence(),
                 obstacle.remedy());
  }
  PrintBits("virtio features", report.virtio_features());
  PrintBits("protocol features", report.protocol_features());
  if (report.has_queues()) absl::PrintF("queues: %d\n", report.queues());
}

absl::StatusOr<ProbeReport> Probe(const ProbeFlags& flags) {
  vhost_user::FrontendEndpointOptions options;
  options.connect_timeout = options.reply_timeout =
      absl::Seconds(flags.timeout_seconds);
  vhost_user::BackendOffer offer;
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<vhost_user::FrontendEndpoint> backend,
      ConnectTo(flags.socket, options, options.connect_timeout,
                [&offer](vhost_user::FrontendEndpoint& endpoint) {
                  absl::StatusOr<vhost_user::BackendOffer> got =
                      endpoint.GetOffer();
                  if (got.ok()) offer = *got;
                  return got.status();
                }));
  ProbeReport report;
  report.set_socket(flags.socket);
  proxy::AddBits(vhost_user::VirtioFeatureBits(offer.features),
                 report.mutable_virtio_features());
  proxy::AddBits(vhost_user::ProtocolFeatureBits(offer.protocol_features),
                 report.mutable_protocol_features());
  for (MigrationObstacle& obstacle : MigrationObstacles(offer)) {
    *report.add_obstacles() = std::move(obstacle);
  }
  report.set_can_migrate(report.obstacles().empty());
  if (flags.queues) {
    DS_ASSIGN_OR_RETURN(const uint64_t queues, backend->GetQueueNum(offer));
    report.set_queues(queues);
  }
  return report;
}

int Run(const ProbeFlags& flags) {
  const absl::StatusOr<ProbeReport> report = Probe(flags);
  if (!report.ok()) {
    absl::Status status = AtSocket(flags.socket, report.status());
    if (absl::IsDeadlineExceeded(status)) {
      status = absl::DeadlineExceededError(absl::StrCat(
          status.message(),
          ": it may serve another front-end just now, or --timeout is too "
          "short"));
    }
    PrintLiveError(status);
    return kExitUsageOrIo;
  }
  if (flags.format == "json") {
    std::fputs(ReportJson(*report).c_str(), stdout);
  } else {
    PrintText(*report);
  }
  return report->can_migrate() ? kExitOk : kExitRefused;
}

void Define(Command& verb) {
  auto flags = std::make_shared<ProbeFlags>();
  verb.AddOption("--socket", &flags->socket, "The back-end's socket")
      .Required()
      .Value("PATH");
  verb.AddOption("--format", &flags->format, "How to print it")
      .OneOf({"text", "json"})
      .ShowDefault();
  verb.AddFlag("--queues", &flags->queues, "Ask for the number of queues, too");
  verb.AddOption("--timeout", &flags->timeout_seconds,
                 "Seconds to wait for the connection and for each reply")
      .InRange(0.1, 3600.0)
      .ShowDefault();
  verb.footer =
      "Only questions are asked, the device stays as it is. A back-end that "
      "serves one\n"
      "connection in its life, as virtiofsd does, ends after it.\n" +
      ExitCodesText({{kExitOk, "can migrate"},
                     {kExitRefused, "cannot"},
                     {kExitUsageOrIo}}) +
      "Example: devstate probe --socket /run/fs0.sock";
  verb.run = [flags] { return Run(*flags); };
}

const VerbRegistration kRegistration(
    "probe", "Say what a running back-end offers and whether it can migrate",
    Define);

}  // namespace
}  // namespace devstate
