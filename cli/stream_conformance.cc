// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/stream_conformance.h"

#include <unistd.h>

#include <cstdio>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "cli/terminal.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct Counts {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
};

void PrintRow(const ConformanceCase& row) {
  const Colour colour = row.result() == "fail" ? Colour::kRed : Colour::kYellow;
  absl::PrintF(
      "%s  %s [%s]: expected %s\n      %s\n",
      Painted(absl::AsciiStrToUpper(row.result()), colour, STDOUT_FILENO),
      row.name(), row.section(), row.expected(), row.happened());
  std::fflush(stdout);
}

}  // namespace

void StreamConformanceFlags::AddTo(Command* verb) {
  verb->AddOption("--streams", &run.folder,
                  "Folder with the cases for implementations of the stream "
                  "format, conformance/streams")
      .Value("DIR");
  verb->AddOption("--run", &run.command,
                  "Command that starts the implementation, which answers on "
                  "its standard output")
      .Value("COMMAND");
  verb->AddOption("--failures", &failures,
                  "File with the names of stream cases that are known to fail, "
                  "one a line")
      .Value("FILE");
}

absl::StatusOr<ConformanceReport> RunStreamConformance(
    StreamConformanceFlags flags, bool text) {
  if (flags.run.folder.empty() || flags.run.command.empty()) {
    return absl::InvalidArgumentError(
        "--streams and --run go together: the folder with the cases, and how "
        "to start the implementation (see devstate conformance --help)");
  }
  if (!flags.failures.empty()) {
    DS_ASSIGN_OR_RETURN(flags.run.known_failures,
                        conformance::ReadFailureList(flags.failures));
  }
  std::map<std::string, Counts> levels;
  DS_ASSIGN_OR_RETURN(
      ConformanceReport report,
      conformance::RunStreamCases(flags.run, [&](const ConformanceCase& row) {
        Counts& counts = levels[row.section()];
        if (row.result() == "pass") ++counts.passed;
        if (row.result() == "fail") ++counts.failed;
        if (row.result() == "skip") ++counts.skipped;
        if (text && row.result() != "pass") PrintRow(row);
      }));
  if (text) {
    for (const auto& [level, counts] : levels) {
      absl::PrintF("%s: %d passed, %d failed, %d skipped\n", level,
                   counts.passed, counts.failed, counts.skipped);
    }
  }
  return report;
}

}  // namespace devstate
