// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate-compat-test: is a schema fit for release after the released ones?
// What the rule devstate_compat_test runs. Exit code: 0 yes, 1 no, 2 usage or
// I/O.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "devstate/compat/release/build_tool.h"
#include "devstate/compat/release/release_check.h"
#include "devstate/compat/release/report.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct Flags {
  SchemaArguments schemas;
  std::string waivers;
  std::string today;
  std::string stamp;
  ReleasePolicy policy;
};

absl::StatusOr<int> Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(const ReleaseSchemas schemas,
                      LoadReleaseSchemas(flags.schemas));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers,
                      LoadWaivers(flags.waivers, flags.today));
  const ReleaseReport report =
      CheckRelease(schemas.current, schemas.released, flags.policy, &waivers);
  std::fputs(report.text.c_str(), stdout);
  std::puts(report.passed
                ? "fit for release"
                : "not fit for release: `devstate explain RULE` has more on "
                  "each rule; what is known and accepted goes into a file of "
                  "waivers");
  if (!report.passed) return 1;
  DS_RETURN_IF_ERROR(WriteOutput(flags.stamp, ""));
  return 0;
}

// Adds an option for the worst verdict that passes.
void AddLevel(Command& program, const char* name, VerdictLevel* level,
              const char* description) {
  std::map<std::string, VerdictLevel> levels;
  std::vector<std::string> words;
  for (int value = VERDICT_LEVEL_IDENTICAL; value <= VERDICT_LEVEL_REFUSED;
       ++value) {
    words.emplace_back(LevelName(static_cast<VerdictLevel>(value)));
    levels[words.back()] = static_cast<VerdictLevel>(value);
  }
  program
      .AddOption(
          name,
          [level, levels](const std::string& word) {
            *level = levels.at(word);
          },
          description)
      .OneOf(words);
}

int Main(int argc, char** argv) {
  Command program("devstate-compat-test",
                  "Says whether a schema is fit for release");
  Flags flags;
  flags.schemas.AddTo(program).Required();
  program.AddOption("--waivers", &flags.waivers, "Findings that are accepted");
  program.AddOption("--today", &flags.today,
                    "The day that waivers are judged on; default: today");
  program.AddOption("--stamp", &flags.stamp,
                    "File to write if it is, for the rule of a build");
  AddLevel(program, "--upgrade", &flags.policy.upgrade,
           "Worst verdict for reading released states");
  AddLevel(program, "--downgrade", &flags.policy.downgrade,
           "Worst verdict for released readers");
  return RunBuildTool(program, argc, argv, [&flags] { return Run(flags); });
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) { return devstate::Main(argc, argv); }
