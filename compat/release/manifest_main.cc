// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate-manifest: writes the manifest of a back-end from its schema and the
// released ones. What the rule devstate_manifest runs.

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/compat/release/manifest_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/stubs/logging.h"

namespace devstate {
namespace {

struct Flags {
  std::string schema;
  SchemaLoadOptions load;
  std::vector<std::string> released;
  ManifestOptions manifest;
  std::string include;
  std::string manifest_out;
  std::string header_out;
  std::string source_out;
};

absl::Status WriteFile(const std::string& path, const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file.fail()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

absl::Status Run(const Flags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema current,
                      LoadSchema(flags.schema, flags.load));
  DS_ASSIGN_OR_RETURN(const std::vector<LoadedSchema> released,
                      LoadSchemaFiles(flags.released, flags.load));
  DS_ASSIGN_OR_RETURN(const Manifest manifest,
                      MakeManifest(flags.manifest, current, released));
  const std::string json = ManifestJson(manifest);
  // What nobody could read is an error of this build.
  DS_RETURN_IF_ERROR(ParseManifest(flags.schema, json).status());
  DS_RETURN_IF_ERROR(WriteFile(flags.manifest_out, json));
  DS_RETURN_IF_ERROR(WriteFile(flags.header_out, ManifestHeader(current)));
  return WriteFile(flags.source_out,
                   ManifestSource(current, flags.include, json));
}

int Main(int argc, char** argv) {
  // Errors are our own, in one line.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("Writes what a back-end can load and save.",
               "devstate-manifest");
  Flags flags;
  app.add_option("--schema", flags.schema,
                 "The back-end's schema: a .proto file or a descriptor set")
      ->required();
  app.add_option("-I,--import", flags.load.import_paths,
                 "Folder to look for imports in; may be repeated");
  app.add_option("--root", flags.load.root, "Full name of the root message");
  app.add_option("--released", flags.released,
                 "A released schema, or a file that one imports");
  app.add_option("--implementation", flags.manifest.implementation,
                 "Name of the back-end, as its streams carry it")
      ->required();
  app.add_option("--version-text", flags.manifest.version,
                 "Version of the back-end, as its streams carry it");
  std::vector<uint32_t> loads;
  app.add_option("--loads", loads, "A released version that it loads itself");
  std::vector<uint32_t> saves;
  app.add_option("--saves", saves, "A released version that it can save");
  app.add_option("--manifest-out", flags.manifest_out, "The manifest, as JSON");
  app.add_option("--header-out", flags.header_out, "C++ that declares it");
  app.add_option("--source-out", flags.source_out, "C++ that defines it");
  app.add_option("--include", flags.include, "How to include the header");
  CLI11_PARSE(app, argc, argv);
  flags.manifest.loads.insert(loads.begin(), loads.end());
  flags.manifest.saves.insert(saves.begin(), saves.end());
  const absl::Status status = Run(flags);
  if (status.ok()) return 0;
  std::fprintf(stderr, "devstate-manifest: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace devstate

int main(int argc, char** argv) { return devstate::Main(argc, argv); }
