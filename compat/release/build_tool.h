// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The common part of the programs of the build rules: a schema and the released
// ones as arguments, and errors of one line.

#ifndef DEVSTATE_COMPAT_RELEASE_BUILD_TOOL_H_
#define DEVSTATE_COMPAT_RELEASE_BUILD_TOOL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

struct SchemaArguments {
  std::string schema;
  SchemaLoadOptions load;
  std::vector<std::string> released;

  // Adds --schema, -I, --root and --released, which it returns.
  CommandOption& AddTo(Command& program);
};

struct ReleaseSchemas {
  LoadedSchema current;
  std::vector<LoadedSchema> released;
};

absl::StatusOr<ReleaseSchemas> LoadReleaseSchemas(
    const SchemaArguments& arguments);

// Writes `text` to the file at `path`, or does nothing if that is empty.
absl::Status WriteOutput(const std::string& path, const std::string& text);

// Runs `program` with what its arguments say and returns the exit code: that of
// `run`, or 2 for an error, which goes to standard error.
int RunBuildTool(Command& program, int argc, char** argv,
                 const std::function<absl::StatusOr<int>()>& run);

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_RELEASE_BUILD_TOOL_H_
