// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate conformance: does a back-end keep the rules of device state, or an
// implementation those of the stream format?

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/live_backend.h"
#include "cli/stream_conformance.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "devstate/compat/release/report_text.h"
#include "devstate/conformance/runner.h"
#include "devstate/live.pb.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct ConformanceFlags {
  conformance::BenchOptions bench;
  StreamConformanceFlags streams;
  double timeout_seconds = 10;
  std::vector<std::string> only;
  std::string format = "text";
};

void PrintRow(const ConformanceCase& row) {
  const Colour colour = row.result() == "pass"   ? Colour::kGreen
                        : row.result() == "fail" ? Colour::kRed
                                                 : Colour::kYellow;
  absl::PrintF(
      "%-4s %s  %s [%s]\n           %s\n", row.name(),
      Painted(absl::AsciiStrToUpper(row.result()), colour, STDOUT_FILENO),
      row.expected(), row.section(), row.happened());
  std::fflush(stdout);
}

std::string Junit(const char* suite, const ConformanceReport& report) {
  std::vector<JunitCase> cases;
  for (const ConformanceCase& row : report.cases()) {
    cases.push_back({absl::StrCat(row.name(), ": ", row.expected()),
                     row.happened(),
                     row.result() == "pass"   ? JunitCase::Result::kPassed
                     : row.result() == "fail" ? JunitCase::Result::kFailed
                                              : JunitCase::Result::kSkipped});
  }
  return JunitDocument(JunitSuite(suite, cases));
}

absl::StatusOr<ConformanceReport> RunBackend(ConformanceFlags flags) {
  if (flags.bench.socket.empty() && flags.bench.start.empty()) {
    return absl::InvalidArgumentError(
        "name the back-end's socket with --backend, or how to start it with "
        "--start (see devstate conformance --help)");
  }
  if (flags.bench.socket.empty() &&
      !absl::StrContains(flags.bench.start, "{socket}")) {
    return absl::InvalidArgumentError(
        "--start: the command says nowhere {socket}, the path to listen at");
  }
  flags.bench.timeout = absl::Seconds(flags.timeout_seconds);
  DS_ASSIGN_OR_RETURN(const std::vector<conformance::Case> cases,
                      conformance::SelectCases(flags.only));
  const bool text = flags.format == "text";
  return conformance::RunCases(flags.bench, cases,
                               [text](const ConformanceCase& row) {
                                 if (text) PrintRow(row);
                               });
}

absl::StatusOr<ConformanceReport> RunStreams(ConformanceFlags flags) {
  flags.streams.run.timeout = absl::Seconds(flags.timeout_seconds);
  if (flags.only.size() > 1) {
    return absl::InvalidArgumentError(
        "--only: of the stream cases, give the beginning of one name");
  }
  if (!flags.only.empty()) flags.streams.run.only = flags.only[0];
  return RunStreamConformance(flags.streams, flags.format == "text");
}

absl::StatusOr<int> Run(const ConformanceFlags& flags) {
  const bool streams = flags.streams.given();
  DS_ASSIGN_OR_RETURN(const ConformanceReport report,
                      streams ? RunStreams(flags) : RunBackend(flags));
  const char* const suite =
      streams ? "devstate streams" : "vhost-user device state";
  const bool text = flags.format == "text";
  if (text) {
    absl::PrintF("%d cases: %d passed, %d failed, %d skipped\n",
                 report.cases_size(), report.passed(), report.failed(),
                 report.skipped());
  } else {
    std::fputs(
        (flags.format == "json" ? ReportJson(report) : Junit(suite, report))
            .c_str(),
        stdout);
  }
  // A rule that cannot be seen with this back-end is no reason to fail.
  return report.failed() == 0 && !report.backend_gone() ? kExitOk
                                                        : kExitRefused;
}

void Define(Command& verb) {
  auto flags = std::make_shared<ConformanceFlags>();
  verb.AddOption("--backend", &flags->bench.socket, "The back-end's socket")
      .Value("PATH");
  verb.AddOption("--start", &flags->bench.start,
                 "Command that starts the back-end anew for each case, with "
                 "{socket} for the path to listen at")
      .Value("COMMAND");
  flags->streams.AddTo(&verb);
  verb.AddOption("--only", &flags->only,
                 "Cases to run, as B3,B7; of the stream cases those whose "
                 "names start so")
      .SplitAtCommas()
      .Value("CASES");
  verb.AddOption("--format", &flags->format, "How to print the results")
      .OneOf({"text", "json", "junit"})
      .ShowDefault();
  verb.AddOption("--timeout", &flags->timeout_seconds,
                 "Seconds until a single wait is given up")
      .InRange(0.1, 3600.0)
      .ShowDefault();
  verb.footer =
      "The device is saved and loaded many times, also with what is no state: "
      "not for one\n"
      "that a VM uses.\n" +
      ExitCodesText({{kExitOk, "no case failed"},
                     {kExitRefused, "some failed or the back-end is gone"},
                     {kExitUsageOrIo}}) +
      "Example: devstate conformance --start 'virtiofsd --socket-path {socket} "
      "--shared-dir /srv'\n"
      "Example: devstate conformance --streams conformance/streams --run "
      "'python3 -m devstate.conformance'";
  verb.run = [flags] {
    const absl::StatusOr<int> result = Run(*flags);
    if (!result.ok()) PrintLiveError(result.status());
    return result.ok() ? *result : kExitUsageOrIo;
  };
}

const VerbRegistration kRegistration(
    "conformance",
    "Check any back-end against the rules for device state, or any "
    "implementation\nagainst those of the stream format, case by case",
    Define);

}  // namespace
}  // namespace devstate
