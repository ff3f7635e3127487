// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/release/manifest_writer.h"

#include <map>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "devstate/compat/json_text.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/serializer/stream_format.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {
namespace {

using Versions = std::map<uint32_t, const LoadedSchema*>;

absl::Status CheckRoot(const SchemaModel& model) {
  if (!model.schema().empty() && model.version() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      model.file, ": ", model.root->full_name,
      " has no schema name or no version: write option (devstate.message) = { "
      "schema: \"…\" version: 1 }"));
}

absl::Status AddReleased(const LoadedSchema& schema, const SchemaModel& current,
                         Versions* versions) {
  const SchemaModel& model = schema.model();
  const std::string place =
      absl::StrCat(model.file, ": version ", model.version());
  if (model.schema() != current.schema()) {
    return absl::InvalidArgumentError(absl::StrCat(
        model.file, ": is of the schema ", model.schema(), ", not of ",
        current.schema(), ": leave it out of the released ones"));
  }
  if (model.version() > current.version()) {
    return absl::InvalidArgumentError(absl::StrCat(
        place, " was released after the current version ", current.version(),
        ": raise the version of ", current.file));
  }
  const auto [entry, inserted] = versions->emplace(model.version(), &schema);
  const SchemaModel& other = entry->second->model();
  if (!inserted && other.fingerprint != model.fingerprint) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, " is not the version ", other.version(), " of ",
                     other.file, ": give the change a new version"));
  }
  return absl::OkStatus();
}

absl::Status CheckVersions(absl::string_view what,
                           const std::set<uint32_t>& wanted,
                           const Versions& versions) {
  for (const uint32_t version : wanted) {
    if (versions.count(version) != 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "no schema of version ", version, ", which is to be ", what,
        ": put it among the released ones; there are ",
        absl::StrJoin(versions, ", ", [](std::string* out, const auto& entry) {
          absl::StrAppend(out, entry.first);
        })));
  }
  return absl::OkStatus();
}

std::vector<std::string> SplitPackage(const LoadedSchema& schema) {
  return absl::StrSplit(schema.root().file()->package(), '.',
                        absl::SkipEmpty());
}

// The function, without what follows it.
std::string FunctionOf(const LoadedSchema& schema) {
  return absl::StrCat("absl::string_view ", schema.root().name(), "Manifest()");
}

}  // namespace

absl::StatusOr<Manifest> MakeManifest(
    const ManifestOptions& options, const LoadedSchema& current,
    const std::vector<LoadedSchema>& released) {
  const SchemaModel& model = current.model();
  DS_RETURN_IF_ERROR(CheckRoot(model));
  Versions versions = {{model.version(), &current}};
  for (const LoadedSchema& schema : released) {
    DS_RETURN_IF_ERROR(AddReleased(schema, model, &versions));
  }
  DS_RETURN_IF_ERROR(CheckVersions("loaded", options.loads, versions));
  DS_RETURN_IF_ERROR(CheckVersions("saved", options.saves, versions));

  Manifest manifest;
  manifest.mutable_implementation()->set_name(options.implementation);
  manifest.mutable_implementation()->set_version(options.version);
  manifest.set_device(model.root->annotations.device());
  manifest.set_schema(model.schema());
  manifest.set_root_message(model.root->full_name);
  for (const auto& [number, schema] : versions) {
    ManifestVersion& version = *manifest.add_versions();
    version.set_version(number);
    version.set_min_reader(schema->model().root->annotations.min_reader());
    version.set_fingerprint(schema->model().fingerprint);
    version.set_descriptor_set(ZstdFrameOf(
        EmbeddableDescriptorSet(schema->root()).SerializeAsString()));
    const bool newest = number == model.version();
    version.set_loads(newest || options.loads.count(number) != 0);
    version.set_saves(newest || options.saves.count(number) != 0);
    std::set<std::string> features;
    for (const auto& message : schema->model().messages) {
      for (const FieldModel& field : message->fields) {
        if (!field.annotations.feature().empty()) {
          features.insert(field.annotations.feature());
        }
      }
    }
    for (const std::string& feature : features) version.add_features(feature);
  }
  manifest.add_stream_formats(kFormatVersion);
  manifest.add_compressions("raw");
  manifest.add_compressions("zstd");
  return manifest;
}

std::string ManifestJson(const Manifest& manifest) {
  JsonStyle style;
  style.indented = true;
  // Fails on invalid UTF-8 only, which no schema and no flag of a build holds.
  return JsonText(manifest, style).value_or("");
}

std::string ManifestHeader(const LoadedSchema& current) {
  const std::vector<std::string> package = SplitPackage(current);
  const std::string guard = absl::StrCat(
      "DEVSTATE_",
      absl::StrReplaceAll(current.root().full_name(), {{".", "_"}}),
      "_MANIFEST_H_");
  const std::string ns = absl::StrJoin(package, "::");
  return absl::StrCat(
      "// Generated by devstate_manifest. Do not edit.\n\n#ifndef ", guard,
      "\n#define ", guard, "\n\n#include \"absl/strings/string_view.h\"\n\n",
      ns.empty() ? "" : absl::StrCat("namespace ", ns, " {\n\n"),
      "// What this back-end can load and save: devstate.Manifest as JSON, of "
      "static\n// storage.\n",
      FunctionOf(current), ";\n\n",
      ns.empty() ? "" : absl::StrCat("}  // namespace ", ns, "\n\n"),
      "#endif  // ", guard, "\n");
}

std::string ManifestSource(const LoadedSchema& current,
                           const std::string& include,
                           const std::string& json) {
  const std::string ns = absl::StrJoin(SplitPackage(current), "::");
  std::string text = absl::StrCat(
      "// Generated by devstate_manifest. Do not edit.\n\n#include \"", include,
      "\"\n\n", ns.empty() ? "" : absl::StrCat("namespace ", ns, " {\n\n"),
      FunctionOf(current), " {\n  static constexpr char kJson[] =\n");
  const std::vector<std::string> lines = absl::StrSplit(json, '\n');
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    absl::StrAppend(&text, "      \"", absl::CEscape(lines[i]), "\\n\"\n");
  }
  absl::StrAppend(
      &text, "      \"", absl::CEscape(lines.back()),
      "\";\n  return {kJson, sizeof(kJson) - 1};\n}\n",
      ns.empty() ? "" : absl::StrCat("\n}  // namespace ", ns, "\n"));
  return text;
}

}  // namespace devstate
