// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate encode: a protobuf message as the stream that holds it.
//
// JSON is read twice or more: its records have to be written after the rest and
// in an order that its text need not have. The other formats are read as a
// whole. A parser accepts messages of which it loses something, so each format
// has a check for that.

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "cli/error_place.h"
#include "cli/json_state.h"
#include "cli/progress.h"
#include "cli/repeatable_source.h"
#include "cli/state_message.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/used_features.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/dynamic_message.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

struct EncodeFlags {
  std::string file;
  std::string output;
  StateFormat format = StateFormat::kJson;
  StateSchemaFlags schema;
  std::string compression = "automatic";
  std::vector<std::string> features;
  bool no_descriptors = false;
  uint32_t batch_records = WriterOptions().max_batch_records;
  std::string writer_name = "devstate encode";
  std::string writer_version;
  std::string instance;
};

absl::Status Run(const EncodeFlags& flags) {
  DS_RETURN_IF_ERROR(
      NamesItsPlace(CheckStandardInput({flags.file, flags.schema.schema})));
  WriterOptions options;
  DS_ASSIGN_OR_RETURN(options.compression,
                      Compression::Parse(flags.compression));
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.Load());
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<RepeatableSource> input,
                      RepeatableSource::OfFile(flags.file));
  const OpenSource open = input->Opening("reading");
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> state(
      factory.GetPrototype(&schema.root())->New());
  std::unique_ptr<JsonState> json;
  VisitTable more;
  if (flags.format == StateFormat::kJson) {
    DS_ASSIGN_OR_RETURN(json,
                        JsonState::Read(open, schema.model(), state.get()));
    more = [&json](const FieldModel& table, const VisitRecord& visit) {
      return json->VisitRecords(table, visit);
    };
  } else {
    DS_ASSIGN_OR_RETURN(const std::shared_ptr<ByteSource> source, open());
    DS_ASSIGN_OR_RETURN(const std::string bytes, ReadInput(*source));
    DS_RETURN_IF_ERROR(ParseState(bytes, flags.format, state.get()));
  }

  std::set<std::string> features(flags.features.begin(), flags.features.end());
  AddUsedFeatures(*state, &features);
  if (json != nullptr && RecordsHaveFeatures(schema.root())) {
    for (const FieldModel* table : schema.model().batches) {
      DS_RETURN_IF_ERROR(json->VisitRecords(*table, [&](const Message& record) {
        AddUsedFeaturesOfRecord(*table->descriptor, record, &features);
        return absl::OkStatus();
      }));
    }
  }
  options.used_features.emplace(features.begin(), features.end());
  options.implementation.name = flags.writer_name;
  options.implementation.version = flags.writer_version;
  options.instance = flags.instance;
  options.max_batch_records = flags.batch_records;
  options.embed_descriptor_set = !flags.no_descriptors;
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<OutputFile> output,
      OutputFile::Create(flags.output, OutputFile::Content::kBinary,
                         {flags.file, flags.schema.schema}));
  const SchemaFacts facts(schema.root());
  ProgressSink encoded(*output, "encoding");
  DynamicStateWriter writer(&encoded, schema.model(), facts.info(), options);
  DS_RETURN_IF_ERROR(WriteState(schema.model(), state.get(), more, writer));
  return output->Commit();
}

void Define(Command& verb) {
  auto flags = std::make_shared<EncodeFlags>();
  verb.AddOption("FILE", &flags->file, "Message, - for standard input")
      .Required();
  verb.AddOption("-o,--output", &flags->output,
                 "Stream to write, - for standard output")
      .Required();
  AddStateFormat(verb, &flags->format);
  flags->schema.AddTo(verb, /*schema_required=*/true);
  verb.AddOption("--compression", &flags->compression,
                 "automatic, raw, zstd or zstd:LEVEL")
      .ShowDefault();
  verb.AddOption("--feature", &flags->features,
                 "Feature that the state uses, besides those that its fields "
                 "say; may be repeated")
      .Value("NAME");
  verb.AddFlag("--no-descriptors", &flags->no_descriptors,
               "Leave the schema out of the stream");
  verb.AddOption("--batch-records", &flags->batch_records,
                 "Most records in a batch")
      .Positive()
      .ShowDefault();
  verb.AddOption("--writer", &flags->writer_name,
                 "Implementation that the header names")
      .ShowDefault();
  verb.AddOption("--writer-version", &flags->writer_version, "Its version");
  verb.AddOption("--instance", &flags->instance, "Which of several devices");
  verb.footer =
      "Reads the records of JSON one by one, whatever their number. Text and\n"
      "binary are read as a whole: several times their size in memory, 1 GiB "
      "at\n"
      "most. JSON that is not a file is kept in $TMPDIR, because it is read\n"
      "twice. The same input and options are the same bytes.\n" +
      ExitCodesText(
          {{kExitOk},
           {kExitUsageOrIo, "usage, I/O or not a state of the schema"}}) +
      "Example: devstate encode --schema fs.proto fs0.json -o fs0.dstate";
  verb.run = [flags] {
    const absl::Status status = Run(*flags);
    return status.ok() ? kExitOk : PrintFileError(flags->file, status);
  };
}

const VerbRegistration kRegistration(
    "encode",
    "Make a stream of a root message, records included, in protobuf JSON, "
    "text or binary",
    Define);

}  // namespace
}  // namespace devstate
