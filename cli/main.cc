// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The devstate command: one verb, one file.

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "cli/verb.h"
#include "google/protobuf/stubs/logging.h"

namespace {

// What CLI11 says of a missing or unknown verb names neither.
std::string UsageMessage(const CLI::App& verb, const CLI::ParseError& error) {
  if (verb.get_require_subcommand_min() == 0) return error.what();
  const std::vector<std::string> left = verb.remaining();
  if (left.empty()) return "a verb is missing";
  return absl::StrCat(absl::StartsWith(left[0], "-") ? "no option" : "no verb",
                      " is named ", left[0]);
}

// One line, and where to read on.
int PrintUsageError(const CLI::App& app, const CLI::ParseError& error) {
  std::string name = app.get_name();
  const CLI::App* verb = &app;
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().back();
    absl::StrAppend(&name, " ", verb->get_name());
  }
  absl::FPrintF(stderr, "%s: %s; see %s --help\n", name,
                absl::StrReplaceAll(UsageMessage(*verb, error), {{"\n", " "}}),
                name);
  return devstate::kExitUsageOrIo;
}

// An answer that did not arrive is none, whatever it was.
int CheckOutput(int exit_code) {
  // Where the write failed before now, errno is still what it said.
  std::cout.flush();
  const bool lost =
      std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout.good();
  if (!lost) return exit_code;
  absl::FPrintF(stderr, "devstate: (stdout): cannot write%s\n",
                errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno)));
  return devstate::kExitUsageOrIo;
}

}  // namespace

int main(int argc, char** argv) {
  // Errors are the verbs' own, in one line.
  google::protobuf::SetLogHandler(nullptr);
  // A reader that has gone is an error like a full disk, with its exit code.
  signal(SIGPIPE, SIG_IGN);
  CLI::App app("Device state of vhost-user back-ends", "devstate");
  app.require_subcommand(1);
  app.set_version_flag("--version", "devstate " DEVSTATE_VERSION,
                       "Print the version and exit");
  app.footer(
      "Each verb has its own --help, with its exit codes.\n"
      "Example: devstate save --socket /run/fs0.sock -o fs0.dstate");
  int exit_code = devstate::kExitOk;
  devstate::AddCheck(app, &exit_code);
  devstate::AddCompletion(app, &exit_code);
  devstate::AddConformance(app, &exit_code);
  devstate::AddConvert(app, &exit_code);
  devstate::AddDecode(app, &exit_code);
  devstate::AddDemo(app, &exit_code);
  devstate::AddDiff(app, &exit_code);
  devstate::AddDump(app, &exit_code);
  devstate::AddEncode(app, &exit_code);
  devstate::AddExplain(app, &exit_code);
  devstate::AddInfo(app, &exit_code);
  devstate::AddLint(app, &exit_code);
  devstate::AddLoad(app, &exit_code);
  devstate::AddMan(app, &exit_code);
  devstate::AddMatrix(app, &exit_code);
  devstate::AddMigrate(app, &exit_code);
  devstate::AddProbe(app, &exit_code);
  devstate::AddQemu(app, &exit_code);
  devstate::AddSave(app, &exit_code);
  devstate::AddStats(app, &exit_code);
  devstate::AddVerify(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version are errors to CLI11, and none to the user.
    return error.get_exit_code() == 0 ? CheckOutput(app.exit(error))
                                      : PrintUsageError(app, error);
  }
  return CheckOutput(exit_code);
}
