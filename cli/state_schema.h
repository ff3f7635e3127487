// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_STATE_SCHEMA_H_
#define DEVSTATE_CLI_STATE_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/third_party/cli11/command_line.h"

namespace devstate {

// The schema by which a verb reads the content of a state.
struct StateSchemaFlags {
  // The file of the schema; empty: the one that the stream carries.
  std::string schema;
  SchemaLoadOptions load;

  // Adds --schema, which it returns, --root and -I.
  CommandOption& AddTo(Command& verb, bool schema_required = false);

  // Loads the schema of --schema, else the one embedded in `header`.
  absl::StatusOr<LoadedSchema> LoadFor(const StreamHeader& header) const;
  // Loads the schema of --schema. Refuses what devstate's compiler refuses.
  absl::StatusOr<LoadedSchema> Load() const;

 private:
  absl::StatusOr<LoadedSchema> Read() const;

  // The content of a pipe, which a verb may want to read again.
  mutable absl::optional<std::string> piped_;
};

// Adds --format, one of json, text and binary.
void AddStateFormat(Command& verb, StateFormat* format);

}  // namespace devstate

#endif  // DEVSTATE_CLI_STATE_SCHEMA_H_
