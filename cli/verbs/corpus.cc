// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate corpus: states of a schema for the tests of a back-end.

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/error_place.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/gate/state_corpus.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "nlohmann/json.hpp"

namespace devstate {
namespace {

struct CorpusFlags {
  std::string folder;
  StateSchemaFlags schema;
};

// Returns the line of the index about a state.
std::string IndexLine(const std::string& file, const CorpusState& state) {
  nlohmann::ordered_json line = {
      {"file", file}, {"name", state.name}, {"loads", state.rules.empty()}};
  if (state.rules.empty()) {
    line["value"] = nlohmann::ordered_json::parse(state.json);
  } else {
    line["rules"] = state.rules;
  }
  return absl::StrCat(line.dump(), "\n");
}

absl::StatusOr<std::unique_ptr<OutputFile>> CreateIn(const std::string& folder,
                                                     const std::string& file,
                                                     OutputFile::Content kind) {
  return OutputFile::Create((std::filesystem::path(folder) / file).string(),
                            kind, /*inputs=*/{});
}

absl::Status Run(const CorpusFlags& flags) {
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.Load());
  std::error_code error;
  std::filesystem::create_directories(flags.folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(flags.folder, ": cannot be made: ", error.message()));
  }
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> index,
      CreateIn(flags.folder, "index.jsonl", OutputFile::Content::kText));
  int count = 0;
  DS_RETURN_IF_ERROR(
      MakeStateCorpus(schema, [&](const CorpusState& state) -> absl::Status {
        const std::string file = absl::StrFormat("%04d.dstate", count++);
        DS_ASSIGN_OR_RETURN(
            const std::unique_ptr<OutputFile> stream,
            CreateIn(flags.folder, file, OutputFile::Content::kBinary));
        DS_RETURN_IF_ERROR(stream->Write(state.stream));
        DS_RETURN_IF_ERROR(stream->Commit());
        return index->Write(IndexLine(file, state));
      }));
  return index->Commit();
}

void Define(Command& verb) {
  auto flags = std::make_shared<CorpusFlags>();
  verb.AddOption("-o,--output", &flags->folder, "Folder to write to")
      .Value("DIR")
      .Required();
  flags->schema.AddTo(verb, /*schema_required=*/true);
  verb.footer =
      "Writes streams, and index.jsonl with a line for each: what is special\n"
      "about it, and either its value or the rules that refuse it. The same\n"
      "schema is the same corpus. devstate_fuzz_test starts from one.\n" +
      ExitCodesText(
          {{kExitOk},
           {kExitUsageOrIo, "usage, I/O or a schema that no state keeps"}}) +
      "Example: devstate corpus --schema fs.proto -o corpus";
  verb.run = [flags] {
    const absl::Status status = Run(*flags);
    return status.ok() ? kExitOk : PrintFileError(flags->schema.schema, status);
  };
}

const VerbRegistration kRegistration(
    "corpus", "Write states of a schema for the tests of a back-end", Define);

}  // namespace
}  // namespace devstate
