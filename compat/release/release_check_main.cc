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

#include "CLI/CLI.hpp"
#include "devstate/compat/release/release_check.h"
#include "devstate/compat/release/report.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/stubs/logging.h"

namespace devstate {
namespace {

struct Flags {
  std::string schema;
  SchemaLoadOptions load;
  std::vector<std::string> released;
  std::string waivers;
  std::string today;
  ReleasePolicy policy;
};

absl::StatusOr<bool> Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema current,
                      LoadSchema(flags.schema, flags.load));
  DS_ASSIGN_OR_RETURN(const std::vector<LoadedSchema> released,
                      LoadSchemaFiles(flags.released, flags.load));
  DS_ASSIGN_OR_RETURN(WaiverSet waivers,
                      LoadWaivers(flags.waivers, flags.today));
  const ReleaseReport report =
      CheckRelease(current, released, flags.policy, &waivers);
  std::fputs(report.text.c_str(), stdout);
  std::puts(report.passed
                ? "fit for release"
                : "not fit for release: `devstate explain RULE` has more on "
                  "each rule; what is known and accepted goes into a file of "
                  "waivers");
  return report.passed;
}

int Main(int argc, char** argv) {
  // Errors are our own, in one line.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("Says whether a schema is fit for release.",
               "devstate-compat-test");
  Flags flags;
  app.add_option("--schema", flags.schema,
                 "The schema: a .proto file or a descriptor set")
      ->required();
  app.add_option("-I,--import", flags.load.import_paths,
                 "Folder to look for imports in; may be repeated");
  app.add_option("--root", flags.load.root, "Full name of the root message");
  app.add_option("--released", flags.released,
                 "A released schema, or a file that one imports")
      ->required();
  app.add_option("--waivers", flags.waivers, "Findings that are accepted");
  app.add_option("--today", flags.today,
                 "The day that waivers are judged on; default: today");
  std::map<std::string, VerdictLevel> levels;
  for (int level = VERDICT_LEVEL_IDENTICAL; level <= VERDICT_LEVEL_REFUSED;
       ++level) {
    levels[LevelName(static_cast<VerdictLevel>(level))] =
        static_cast<VerdictLevel>(level);
  }
  app.add_option("--upgrade", flags.policy.upgrade,
                 "Worst verdict for reading released states")
      ->transform(CLI::CheckedTransformer(levels));
  app.add_option("--downgrade", flags.policy.downgrade,
                 "Worst verdict for released readers")
      ->transform(CLI::CheckedTransformer(levels));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help is one of them, and no error.
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::StatusOr<bool> passed = Run(flags);
  if (passed.ok()) return *passed ? 0 : 1;
  std::fprintf(stderr, "devstate-compat-test: %s\n",
               std::string(passed.status().message()).c_str());
  return 2;
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) { return devstate::Main(argc, argv); }
