// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_SCHEMA_FLAGS_H_
#define DEVSTATE_CLI_SCHEMA_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/compat/release/report.h"
#include "devstate/compat/release/waivers.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

// The flags that all verbs about schemas have.
struct SchemaFlags {
  SchemaLoadOptions load;
  std::string format = "text";
  std::string waivers;
  std::string today;

  // Adds -I, --root and --format, which may be text, json, junit or one of
  // `more_formats`.
  void AddTo(Command& verb, const std::vector<std::string>& more_formats = {});
  // Adds --waivers and --today.
  void AddWaiversTo(Command& verb);

  // Returns the waivers in the file of --waivers, or none.
  absl::StatusOr<WaiverSet> ReadWaivers() const;
};

// Prints one line on standard error.
void PrintError(const absl::Status& status);

}  // namespace devstate

#endif  // DEVSTATE_CLI_SCHEMA_FLAGS_H_
