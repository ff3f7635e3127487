// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate merge: a state in rounds, written whole.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "cli/error_place.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/serializer/dynamic/merged_state.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct MergeFlags {
  StateInputFlags input;
  std::string output;
  std::string compression = "automatic";
  StateSchemaFlags schema;
};

absl::Status Run(const MergeFlags& flags, PortableInput& input) {
  DS_RETURN_IF_ERROR(NamesItsPlace(
      CheckStandardInput({flags.input.file, flags.schema.schema})));
  WriterOptions options;
  DS_ASSIGN_OR_RETURN(options.compression,
                      Compression::Parse(flags.compression));
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source,
                      input.OpenStreamLast());
  source = WithProgress(std::move(source), "merging", input.size());
  DynamicStateReader reader(source.get());
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.LoadFor(*header));
  if (schema.model().fingerprint != header->fingerprint) {
    return NamesItsPlace(absl::InvalidArgumentError(
        "rounds are merged by the schema that wrote them: name that one"));
  }
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.input.file, flags.schema.schema}));
  DS_RETURN_IF_ERROR(WriteMergedState(reader, schema.model(),
                                      std::move(options), output.get()));
  return output->Commit();
}

void Define(Command& verb) {
  auto flags = std::make_shared<MergeFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("-o,--output", &flags->output,
                 "Stream to write, - for standard output")
      .Required();
  verb.AddOption("--compression", &flags->compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  flags->schema.AddTo(verb);
  verb.footer =
      "Takes memory for the records of the state. One that did not come in\n"
      "rounds is written as it is.\n" +
      ExitCodesText({{kExitOk},
                     {kExitRefused, "of a newer format or schema"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate merge rounds.dstate -o fs0.dstate";
  verb.run = [flags] {
    return WithPortableInput(flags->input, [&flags](PortableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration(
    "merge", "Write a state that came in rounds whole", Define);

}  // namespace
}  // namespace devstate
