// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_schema.h"

#include <map>

#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/schema_check.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

void StateSchemaFlags::AddTo(CLI::App* verb, bool schema_required) {
  CLI::Option* option = verb->add_option(
      "--schema", schema,
      schema_required
          ? "Schema: a .proto file or a descriptor set"
          : "Schema: a .proto file or a descriptor set. Without it, the one "
            "that the stream carries is used, which is good for display "
            "only: it is the stream's word about itself");
  option->type_name("FILE");
  if (schema_required) option->required();
  verb->add_option("--root", load.root,
                   "Root message, if not the one with a schema name")
      ->type_name("MESSAGE")
      ->needs(option);
  verb->add_option("-I,--import", load.import_paths,
                   "Folder to look for imports in; may be repeated")
      ->allow_extra_args(false)
      ->type_name("DIR")
      ->needs(option);
}

absl::StatusOr<LoadedSchema> StateSchemaFlags::Load() const {
  DS_ASSIGN_OR_RETURN(LoadedSchema loaded, LoadSchema(schema, load));
  // What has no generated code has no stream.
  DS_RETURN_IF_ERROR(CheckSchema(loaded.model()));
  return loaded;
}

absl::StatusOr<LoadedSchema> StateSchemaFlags::LoadFor(
    const StreamHeader& header) const {
  return schema.empty() ? LoadEmbeddedSchema(header) : Load();
}

void AddStateFormat(CLI::App* verb, StateFormat* format) {
  verb->add_option("--format", *format, "json, text or binary")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, StateFormat>{{"json", StateFormat::kJson},
                                             {"text", StateFormat::kText},
                                             {"binary", StateFormat::kBinary}}))
      ->default_str("json");
}

}  // namespace devstate
