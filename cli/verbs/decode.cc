// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate decode: a stream as the protobuf message that it holds.

#include <unistd.h>

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
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct DecodeFlags {
  StateInputFlags input;
  std::string output = "-";
  StateFormat format = StateFormat::kJson;
  StateSchemaFlags schema;
};

absl::Status Run(const DecodeFlags& flags, PortableInput& input) {
  DS_RETURN_IF_ERROR(NamesItsPlace(
      CheckStandardInput({flags.input.file, flags.schema.schema})));
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source,
                      input.OpenStreamLast());
  // Not into the middle of what is shown.
  if (flags.output != "-" || !ShowsOutput()) {
    source = WithProgress(std::move(source), "decoding", input.size());
  }
  DynamicStateReader reader(source.get());
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.LoadFor(*header));
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output,
                         flags.format == StateFormat::kBinary
                             ? OutputFile::Content::kBinary
                             : OutputFile::Content::kText,
                         {flags.input.file, flags.schema.schema}));
  StatePrinter printer(schema.root(), flags.format, /*redactor=*/nullptr,
                       output.get());
  DS_RETURN_IF_ERROR(reader.Read(schema.model(), printer));
  DS_RETURN_IF_ERROR(printer.Finish());
  return output->Commit();
}

void Define(Command& verb) {
  auto flags = std::make_shared<DecodeFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("-o,--output", &flags->output,
                 "File to write, - for standard output")
      .ShowDefault();
  AddStateFormat(verb, &flags->format);
  flags->schema.AddTo(verb);
  verb.footer =
      "A foreign state is turned into its portable form.\n"
      "Shows sensitive fields; dump does not. Output on standard output is "
      "not\n"
      "to be used unless the exit code is 0: damage may lie at the end.\n" +
      ExitCodesText({{kExitOk},
                     {kExitRefused, "of a newer format or schema"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate decode fs0.dstate --format json -o fs0.json";
  verb.run = [flags] {
    return WithPortableInput(flags->input, [&flags](PortableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration(
    "decode",
    "Turn a state into its root message, records included, as protobuf "
    "JSON, text or binary",
    Define);

}  // namespace
}  // namespace devstate
