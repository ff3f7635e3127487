// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/check_stream.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/exit_codes.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/stream_file.h"
#include "devstate/compat/finding.h"
#include "devstate/compat/gate/schema_archive.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/release/manifest.h"
#include "devstate/foreign/read_head.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

constexpr size_t kMaxSchemaBytes = size_t{64} << 20;

// The verdict on a stream in the form of one on two schemas.
DirectionVerdict ToDirection(const Verdict& verdict, bool upgrade) {
  DirectionVerdict result{upgrade ? Direction::kUpgrade : Direction::kDowngrade,
                          verdict.level(),
                          {}};
  result.findings.assign(verdict.findings().begin(), verdict.findings().end());
  return result;
}

// The schema that decides, and what owns it.
struct Reader {
  std::unique_ptr<LoadedManifest> manifest;
  std::unique_ptr<LoadedSchema> own;
  const LoadedSchema* schema = nullptr;
};

std::string NameOf(const std::string& path) {
  return path == "-" ? "(stdin)" : path;
}

absl::StatusOr<std::string> ReadStart(const std::string& path, size_t size) {
  DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source,
                      OpenInput(path));
  return ReadHead(*source, size);
}

absl::StatusOr<Reader> LoadReader(const std::string& path,
                                  const SchemaLoadOptions& options) {
  Reader reader;
  const bool once = IsReadOnce(path);
  std::string head;
  if (!absl::EndsWith(path, ".proto") || once) {
    absl::StatusOr<std::string> read =
        ReadStart(path, once ? kMaxSchemaBytes + 1 : kMaxManifestBytes);
    if (!read.ok()) {
      return absl::Status(
          read.status().code(),
          absl::StrCat(NameOf(path), ": ", read.status().message()));
    }
    head = *std::move(read);
  }
  if (!IsManifest(head)) {
    DS_ASSIGN_OR_RETURN(LoadedSchema schema,
                        once ? ParseSchema(NameOf(path), head, options)
                             : LoadSchema(path, options));
    reader.own = std::make_unique<LoadedSchema>(std::move(schema));
    reader.schema = reader.own.get();
    return reader;
  }
  DS_ASSIGN_OR_RETURN(
      LoadedManifest manifest,
      ParseManifest(NameOf(path), head.substr(0, kMaxManifestBytes)));
  reader.manifest = std::make_unique<LoadedManifest>(std::move(manifest));
  reader.schema = reader.manifest->NewestLoaded();
  if (reader.schema == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": a back-end with this manifest loads nothing"));
  }
  return reader;
}

absl::StatusOr<SchemaArchive> ReadArchive(const std::string& folder,
                                          const SchemaLoadOptions& options) {
  SchemaArchive archive;
  if (folder.empty()) return archive;
  DS_ASSIGN_OR_RETURN(std::vector<LoadedSchema> schemas,
                      LoadSchemas(folder, options));
  DS_RETURN_IF_ERROR(archive.Add(std::move(schemas)));
  return archive;
}

}  // namespace

absl::StatusOr<int> CheckStreamFile(const CheckFlags& flags) {
  DS_ASSIGN_OR_RETURN(const Reader reader,
                      LoadReader(flags.reader, flags.schema.load));
  DS_ASSIGN_OR_RETURN(SchemaArchive archive,
                      ReadArchive(flags.lineage, flags.schema.load));
  int exit_code = kExitOk;
  ForeignReport foreign;
  const std::unique_ptr<PortableInput> input =
      PortableInput::Open(flags.stream, &exit_code, &foreign);
  if (foreign.refused()) {
    return ReportVerdicts(flags,
                          {ToDirection(foreign.verdict, /*upgrade=*/true)});
  }
  if (input == nullptr) return exit_code;
  absl::StatusOr<std::shared_ptr<ByteSource>> stream = input->OpenStreamLast();
  if (!stream.ok()) return PrintFileError(input->name(), stream.status());
  std::shared_ptr<ByteSource> source =
      WithProgress(*std::move(stream), "checking", input->size());
  GateOptions options;
  options.archive = &archive;
  bool upgrade = false;
  const LoadedSchema& schema = *reader.schema;
  Verdict verdict = CheckStream(source.get(), {&schema.root(), &schema.model()},
                                options, &upgrade);
  source.reset();  // The report may be for the same terminal.
  for (const Finding& finding : foreign.verdict.findings()) {
    verdict.set_level(std::max(verdict.level(), finding.level()));
    *verdict.add_findings() = finding;
  }
  return ReportVerdicts(flags, {ToDirection(verdict, upgrade)});
}

}  // namespace devstate
