// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate dump: what is in a stream, for people and for jq.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/annotate.h"
#include "cli/error_place.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/serializer/dynamic/redactor.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

struct DumpFlags {
  StateInputFlags input;
  std::string format = "text";
  bool annotate = false;
  bool show_sensitive = false;
  StateSchemaFlags schema;
};

// As comments, so that the whole is protobuf text.
std::string HeaderText(const StreamHeader& header) {
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
  };
  return absl::StrCat(
      "# device: ", quoted(header.device),
      "\n# instance: ", quoted(header.instance),
      "\n# schema: ", quoted(header.schema), " version ", header.schema_version,
      "\n# writer: ", quoted(header.writer.name), " ",
      quoted(header.writer.version), "\n# features: ",
      absl::StrJoin(header.used_features, " ",
                    [&](std::string* out, const std::string& feature) {
                      out->append(quoted(feature));
                    }),
      "\n");
}

absl::Status Run(const DumpFlags& flags, PortableInput& input) {
  DS_RETURN_IF_ERROR(NamesItsPlace(
      CheckStandardInput({flags.input.file, flags.schema.schema})));
  if (input.shown_only() && !flags.annotate) {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> shown,
                        OutputFile::Create("-", OutputFile::Content::kText,
                                           {flags.input.file}));
    return input.Show(shown.get());
  }
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> source,
                      input.OpenStreamLast());
  if (!ShowsOutput()) {
    source = WithProgress(std::move(source), "dumping", input.size());
  }
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create("-", OutputFile::Content::kText, {flags.input.file}));
  if (flags.annotate) {
    return Annotate(source.get(), flags.schema, flags.show_sensitive,
                    output.get());
  }
  DynamicStateReader reader(source.get());
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.LoadFor(*header));
  const bool text = flags.format == "text";
  if (text) {
    if (!input.foreign().empty()) {
      DS_RETURN_IF_ERROR(output->Write(
          absl::StrCat("# imported from: \"", input.foreign(), "\"\n")));
    }
    DS_RETURN_IF_ERROR(output->Write(HeaderText(*header)));
  }
  Redactor redactor(schema.model(), flags.show_sensitive);
  StatePrinter printer(schema.root(),
                       text ? StateFormat::kText : StateFormat::kJson,
                       &redactor, output.get());
  DS_RETURN_IF_ERROR(reader.Read(schema.model(), printer));
  return printer.Finish();
}

void Define(Command& verb) {
  auto flags = std::make_shared<DumpFlags>();
  flags->input.AddTo(verb);
  const CommandOption& format =
      verb.AddOption("--format", &flags->format, "text or json")
          .OneOf({"text", "json"})
          .ShowDefault();
  verb.AddFlag("--annotate", &flags->annotate,
               "Show the bytes, each with offset and name")
      .Excludes(format);
  verb.AddFlag("--show-sensitive", &flags->show_sensitive,
               "Show the values of sensitive fields, too");
  flags->schema.AddTo(verb);
  verb.footer =
      "A foreign state is shown in its portable form, or as JSON if it has "
      "none.\n"
      "Sensitive fields are \"<redacted>\" strings. Output is complete only\n"
      "if the exit code is 0.\n" +
      ExitCodesText({{kExitOk, "whole"},
                     {kExitRefused, "of a newer format or schema"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate dump fs0.dstate\n"
      "         devstate dump --format json fs0.dstate | jq '.inodes | length'";
  verb.run = [flags] {
    return WithPortableInput(flags->input, [&flags](PortableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration(
    "dump", "Show what is in a state, as protobuf text or JSON", Define);

}  // namespace
}  // namespace devstate
