// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A manifest may come from anywhere. Its sizes and names are checked before its
// schemas are unpacked. What it says of a schema is then compared with the
// schema itself, so that the rest of the tools may rely on either.

#include "devstate/compat/release/manifest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/libmd/sha256.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {
namespace {

namespace fs = ::std::filesystem;

constexpr char kRemedy[] = ": let devstate_manifest write it anew";
constexpr size_t kMaxNameBytes = 256;
constexpr int kMaxNames = 1024;
constexpr size_t kFingerprintBytes = 32;
constexpr size_t kReadBytes = size_t{64} << 10;

bool IsJson(absl::string_view bytes) {
  bytes = absl::StripLeadingAsciiWhitespace(bytes);
  return !bytes.empty() && bytes.front() == '{';
}

absl::Status FromJson(absl::string_view json,
                      google::protobuf::Message* message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(
      std::string(json), message, options);
  if (status.ok()) return absl::OkStatus();
  const std::string reason(status.message());
  return absl::InvalidArgumentError(
      absl::StrCat("not the JSON of devstate.Manifest: ",
                   reason.substr(0, reason.find('\n')), kRemedy));
}

absl::StatusOr<Manifest> Decode(absl::string_view bytes) {
  Manifest manifest;
  if (!IsJson(bytes)) {
    if (!manifest.ParseFromArray(bytes.data(),
                                 static_cast<int>(bytes.size()))) {
      return absl::InvalidArgumentError(
          absl::StrCat("neither JSON nor bytes of devstate.Manifest", kRemedy));
    }
    return manifest;
  }
  DS_RETURN_IF_ERROR(FromJson(bytes, &manifest));
  Capabilities capabilities;
  if (manifest.versions().empty() && FromJson(bytes, &capabilities).ok() &&
      capabilities.has_devstate()) {
    return absl::InvalidArgumentError(
        "is the answer to --print-capabilities, which has no schemas: take "
        "that to --print-manifest");
  }
  return manifest;
}

// Names reach terminals and logs.
absl::Status CheckName(absl::string_view what, const std::string& name) {
  if (name.size() > kMaxNameBytes ||
      std::any_of(name.begin(), name.end(), absl::ascii_iscntrl)) {
    return absl::InvalidArgumentError(absl::StrCat(
        what, " is not a name of at most ", kMaxNameBytes,
        " bytes without control characters: \"",
        absl::Utf8SafeCEscape(name.substr(0, kMaxNameBytes)), "\"", kRemedy));
  }
  return absl::OkStatus();
}

absl::Status CheckNames(
    absl::string_view what,
    const google::protobuf::RepeatedPtrField<std::string>& names) {
  if (names.size() > kMaxNames) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxNames, " entries in ", what, kRemedy));
  }
  for (const std::string& name : names) {
    DS_RETURN_IF_ERROR(CheckName(what, name));
  }
  return absl::OkStatus();
}

template <typename Uses>
absl::Status CheckUses(const Manifest& manifest, absl::string_view what,
                       Uses uses) {
  if (std::count_if(manifest.versions().begin(), manifest.versions().end(),
                    uses) > kMaxManifestUses) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxManifestUses, " versions are ", what,
                     ": leave out those that no back-end runs any more"));
  }
  return absl::OkStatus();
}

absl::Status CheckManifest(const Manifest& manifest) {
  if (manifest.implementation().name().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("names no implementation", kRemedy));
  }
  DS_RETURN_IF_ERROR(
      CheckName("the implementation", manifest.implementation().name()));
  DS_RETURN_IF_ERROR(CheckName("the implementation's version",
                               manifest.implementation().version()));
  DS_RETURN_IF_ERROR(CheckName("the device", manifest.device()));
  DS_RETURN_IF_ERROR(CheckName("the schema", manifest.schema()));
  DS_RETURN_IF_ERROR(CheckNames("compressions", manifest.compressions()));
  if (manifest.stream_formats_size() > kMaxNames) {
    return absl::InvalidArgumentError(absl::StrCat(
        "more than ", kMaxNames, " entries in stream_formats", kRemedy));
  }
  if (manifest.versions().empty() ||
      manifest.versions_size() > kMaxManifestVersions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "has ", manifest.versions_size(), " versions, expected 1 to ",
        kMaxManifestVersions, kRemedy));
  }
  uint32_t last = 0;
  for (const ManifestVersion& version : manifest.versions()) {
    if (version.version() <= last) {
      return absl::InvalidArgumentError(
          absl::StrCat("version ", version.version(), " comes after ", last,
                       ": versions start at 1 and ascend"));
    }
    last = version.version();
    DS_RETURN_IF_ERROR(CheckNames("features", version.features()));
  }
  DS_RETURN_IF_ERROR(CheckUses(
      manifest, "loaded", [](const ManifestVersion& v) { return v.loads(); }));
  return CheckUses(manifest, "saved",
                   [](const ManifestVersion& v) { return v.saves(); });
}

absl::StatusOr<std::string> Decompress(absl::string_view frame, size_t limit) {
  absl::StatusOr<std::string> bytes = ContentOfZstdFrame(frame, limit);
  if (bytes.ok()) return bytes;
  return absl::InvalidArgumentError(
      absl::StrCat("the descriptor set ", bytes.status().message(), kRemedy));
}

absl::Status Differs(absl::string_view what, absl::string_view said,
                     absl::string_view is) {
  return absl::InvalidArgumentError(
      absl::StrCat("the manifest says ", what, " ", absl::CEscape(said),
                   ", the descriptor set ", absl::CEscape(is), kRemedy));
}

// Whether `schema` is what the manifest says of it.
absl::Status CheckSchema(const Manifest& manifest,
                         const ManifestVersion& version,
                         const SchemaModel& model) {
  const MessageAnnotations& root = model.root->annotations;
  if (root.schema() != manifest.schema()) {
    return Differs("schema", manifest.schema(), root.schema());
  }
  if (root.device() != manifest.device()) {
    return Differs("device", manifest.device(), root.device());
  }
  if (model.root->full_name != manifest.root_message()) {
    return Differs("root message", manifest.root_message(),
                   model.root->full_name);
  }
  if (root.version() != version.version()) {
    return Differs("version", absl::StrCat(version.version()),
                   absl::StrCat(root.version()));
  }
  if (root.min_reader() != version.min_reader()) {
    return Differs("min_reader", absl::StrCat(version.min_reader()),
                   absl::StrCat(root.min_reader()));
  }
  if (model.fingerprint != version.fingerprint()) {
    return Differs("fingerprint",
                   absl::BytesToHexString(
                       version.fingerprint().substr(0, kFingerprintBytes)),
                   absl::BytesToHexString(model.fingerprint));
  }
  return absl::OkStatus();
}

// Fills `entry` from the frame of a descriptor set.
absl::Status ReadSchema(const std::string& place, absl::string_view frame,
                        size_t limit, const SchemaLoadOptions& options,
                        SharedSchemas::Entry* entry) {
  DS_ASSIGN_OR_RETURN(const std::string bytes, Decompress(frame, limit));
  DS_ASSIGN_OR_RETURN(LoadedSchema schema,
                      ParseDescriptorSet(place, bytes, options));
  *entry = {std::make_shared<LoadedSchema>(std::move(schema)), bytes.size()};
  return absl::OkStatus();
}

absl::Status UnpackSchemas(LoadedManifest* loaded, SharedSchemas* shared) {
  const Manifest& manifest = loaded->manifest;
  SchemaLoadOptions options;
  options.root = manifest.root_message();
  size_t left = kMaxAllDescriptorSetBytes;
  for (const ManifestVersion& version : manifest.versions()) {
    const std::string place =
        absl::StrCat(loaded->file, ": version ", version.version());
    const auto unpack = [&]() -> absl::Status {
      SharedSchemas::Entry own;
      SharedSchemas::Entry& entry =
          shared == nullptr
              ? own
              : shared->Find(options.root, version.descriptor_set());
      const size_t limit = std::min(left, kMaxDescriptorSetBytes);
      if (entry.schema == nullptr || entry.bytes > limit) {
        DS_RETURN_IF_ERROR(ReadSchema(place, version.descriptor_set(), limit,
                                      options, &entry));
      }
      left -= entry.bytes;
      DS_RETURN_IF_ERROR(CheckSchema(manifest, version, entry.schema->model()));
      loaded->schemas.push_back(entry.schema);
      return absl::OkStatus();
    };
    if (const absl::Status status = unpack(); !status.ok()) {
      absl::string_view message = status.message();
      absl::ConsumePrefix(&message, absl::StrCat(place, ": "));
      return absl::InvalidArgumentError(absl::StrCat(place, ": ", message));
    }
  }
  return absl::OkStatus();
}

}  // namespace

const LoadedSchema* LoadedManifest::NewestLoaded() const {
  for (size_t i = schemas.size(); i-- > 0;) {
    if (manifest.versions(static_cast<int>(i)).loads()) {
      return schemas[i].get();
    }
  }
  return nullptr;
}

const LoadedSchema* LoadedManifest::NewestSaved() const {
  for (size_t i = schemas.size(); i-- > 0;) {
    if (manifest.versions(static_cast<int>(i)).saves()) {
      return schemas[i].get();
    }
  }
  return nullptr;
}

SharedSchemas::Entry& SharedSchemas::Find(absl::string_view root,
                                          absl::string_view frame) {
  return entries_[Sha256(absl::StrCat(Sha256(root), frame))];
}

bool IsManifest(absl::string_view bytes) {
  if (IsJson(bytes)) return true;
  // All that a FileDescriptorSet has are fields 1, which this message has too.
  Manifest manifest;
  return bytes.size() <= kMaxManifestBytes &&
         manifest.ParseFromArray(bytes.data(),
                                 static_cast<int>(bytes.size())) &&
         !manifest.versions().empty();
}

absl::StatusOr<LoadedManifest> ParseManifest(const std::string& name,
                                             absl::string_view bytes,
                                             SharedSchemas* shared) {
  if (bytes.size() > kMaxManifestBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": larger than 4 MiB, which no manifest is"));
  }
  LoadedManifest loaded;
  loaded.file = name;
  const auto prefixed = [&name](const absl::Status& status) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", status.message()));
  };
  absl::StatusOr<Manifest> manifest = Decode(bytes);
  if (!manifest.ok()) return prefixed(manifest.status());
  loaded.manifest = *std::move(manifest);
  if (const absl::Status status = CheckManifest(loaded.manifest);
      !status.ok()) {
    return prefixed(status);
  }
  DS_RETURN_IF_ERROR(UnpackSchemas(&loaded, shared));
  return loaded;
}

absl::StatusOr<std::string> ReadManifest(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error) || fs::is_directory(path, error)) {
    return absl::NotFoundError(absl::StrCat(path, ": ",
                                            fs::exists(path, error)
                                                ? "is a folder, not a manifest"
                                                : "no such file"));
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  std::string buffer(kReadBytes, '\0');
  // One byte more than is allowed is enough to refuse it.
  while (file.good() && bytes.size() <= kMaxManifestBytes) {
    const size_t left = kMaxManifestBytes + 1 - bytes.size();
    file.read(&buffer[0],
              static_cast<std::streamsize>(std::min(buffer.size(), left)));
    bytes.append(buffer, 0, static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  return bytes;
}

absl::StatusOr<LoadedManifest> LoadManifest(const std::string& path) {
  DS_ASSIGN_OR_RETURN(const std::string bytes, ReadManifest(path));
  return ParseManifest(path, bytes);
}

}  // namespace devstate
