// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/build_tool.h"

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"

namespace devstate {

CommandOption& SchemaArguments::AddTo(Command& program) {
  program
      .AddOption("--schema", &schema,
                 "The schema: a .proto file or a descriptor set")
      .Required();
  program.AddOption("-I,--import", &load.import_paths,
                    "Folder to look for imports in; may be repeated");
  program.AddOption("--root", &load.root, "Full name of the root message");
  return program.AddOption(
      "--released", &released,
      "A released schema, or a file that one imports; may be repeated");
}

absl::StatusOr<ReleaseSchemas> LoadReleaseSchemas(
    const SchemaArguments& arguments) {
  ReleaseSchemas schemas;
  DS_ASSIGN_OR_RETURN(schemas.current,
                      LoadSchema(arguments.schema, arguments.load));
  DS_ASSIGN_OR_RETURN(schemas.released,
                      LoadSchemaFiles(arguments.released, arguments.load));
  return schemas;
}

absl::Status WriteOutput(const std::string& path, const std::string& text) {
  if (path.empty()) return absl::OkStatus();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file.fail()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

int RunBuildTool(Command& program, int argc, char** argv,
                 const std::function<absl::StatusOr<int>()>& run) {
  // Errors are our own, in one line.
  SilenceProtobuf();
  program.run = [&program, &run] {
    const absl::StatusOr<int> exit_code = run();
    if (exit_code.ok()) return *exit_code;
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(),
                 std::string(exit_code.status().message()).c_str());
    return kExitUsage;
  };
  return RunCommand(program, argc, argv);
}

}  // namespace devstate
