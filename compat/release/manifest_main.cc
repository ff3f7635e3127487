// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate-manifest: writes the manifest of a back-end from its schema and the
// released ones. What the rule devstate_manifest runs.

#include <cstdint>
#include <string>
#include <vector>

#include "devstate/compat/release/build_tool.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/compat/release/manifest_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct Flags {
  SchemaArguments schemas;
  ManifestOptions manifest;
  std::vector<uint32_t> loads;
  std::vector<uint32_t> saves;
  std::string include;
  std::string manifest_out;
  std::string header_out;
  std::string source_out;
};

absl::StatusOr<int> Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(const ReleaseSchemas schemas,
                      LoadReleaseSchemas(flags.schemas));
  const LoadedSchema& current = schemas.current;
  ManifestOptions options = flags.manifest;
  options.loads.insert(flags.loads.begin(), flags.loads.end());
  options.saves.insert(flags.saves.begin(), flags.saves.end());
  DS_ASSIGN_OR_RETURN(const Manifest manifest,
                      MakeManifest(options, current, schemas.released));
  const std::string json = ManifestJson(manifest);
  // What nobody could read is an error of this build.
  DS_RETURN_IF_ERROR(ParseManifest(flags.schemas.schema, json).status());
  DS_RETURN_IF_ERROR(WriteOutput(flags.manifest_out, json));
  DS_RETURN_IF_ERROR(WriteOutput(flags.header_out, ManifestHeader(current)));
  DS_RETURN_IF_ERROR(WriteOutput(flags.source_out,
                                 ManifestSource(current, flags.include, json)));
  return 0;
}

int Main(int argc, char** argv) {
  Command program("devstate-manifest",
                  "Writes what a back-end can load and save");
  Flags flags;
  flags.schemas.AddTo(program);
  program
      .AddOption("--implementation", &flags.manifest.implementation,
                 "Name of the back-end, as its streams carry it")
      .Required();
  program.AddOption("--version-text", &flags.manifest.version,
                    "Version of the back-end, as its streams carry it");
  program.AddOption("--loads", &flags.loads,
                    "A released version that it loads itself");
  program.AddOption("--saves", &flags.saves,
                    "A released version that it can save");
  program.AddOption("--manifest-out", &flags.manifest_out,
                    "The manifest, as JSON");
  program.AddOption("--header-out", &flags.header_out, "C++ that declares it");
  program.AddOption("--source-out", &flags.source_out, "C++ that defines it");
  program.AddOption("--include", &flags.include, "How to include the header");
  return RunBuildTool(program, argc, argv, [&flags] { return Run(flags); });
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) { return devstate::Main(argc, argv); }
