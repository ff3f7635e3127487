// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/state_schema.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/error_place.h"
#include "cli/stream_file.h"
#include "devstate/schema/embedded_schema.h"
#include "devstate/schema/schema_check.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {

CommandOption& StateSchemaFlags::AddTo(Command& verb, bool schema_required) {
  CommandOption& option = verb.AddOption(
      "--schema", &schema,
      schema_required
          ? "Schema: a .proto file or a descriptor set, - for standard input"
          : "Schema: a .proto file or a descriptor set. Without it, the one "
            "that the stream carries is used, which is good for display "
            "only: it is the stream's word about itself");
  option.Value("FILE");
  if (schema_required) option.Required();
  verb.AddOption("--root", &load.root,
                 "Root message, if not the one with a schema name")
      .Value("MESSAGE")
      .Needs(option);
  verb.AddOption("-I,--import", &load.import_paths,
                 "Folder to look for imports in; may be repeated")
      .Value("DIR")
      .Needs(option);
  return option;
}

absl::StatusOr<LoadedSchema> StateSchemaFlags::Read() const {
  if (!IsReadOnce(schema)) return LoadSchema(schema, load);
  const std::string name = schema == "-" ? "(stdin)" : schema;
  if (!piped_.has_value()) {
    absl::StatusOr<std::string> bytes = ReadInput(schema);
    if (!bytes.ok()) {
      return absl::NotFoundError(
          absl::StrCat(name, ": ", bytes.status().message()));
    }
    piped_ = *std::move(bytes);
  }
  return ParseSchema(name, *piped_, load);
}

absl::StatusOr<LoadedSchema> StateSchemaFlags::Load() const {
  absl::StatusOr<LoadedSchema> loaded = Read();
  if (!loaded.ok()) return NamesItsPlace(loaded.status());
  // What has no generated code has no stream.
  const absl::Status checked = CheckSchema(loaded->model());
  absl::string_view text = checked.message();
  if (absl::ConsumePrefix(&text, loaded->root().file()->name())) {
    return NamesItsPlace(
        absl::Status(checked.code(), absl::StrCat(loaded->model().file, text)));
  }
  DS_RETURN_IF_ERROR(NamesItsPlace(checked));
  return loaded;
}

absl::StatusOr<LoadedSchema> StateSchemaFlags::LoadFor(
    const StreamHeader& header) const {
  return schema.empty() ? LoadEmbeddedSchema(SchemaOf(header)) : Load();
}

void AddStateFormat(Command& verb, StateFormat* format) {
  verb.AddOption(
          "--format",
          [format](const std::string& word) {
            *format = word == "text"     ? StateFormat::kText
                      : word == "binary" ? StateFormat::kBinary
                                         : StateFormat::kJson;
          },
          "json, text or binary")
      .OneOf({"json", "text", "binary"})
      .ShowDefault("json");
}

}  // namespace devstate
