// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate encode: a protobuf message as the stream that holds it.
//
// The message is read as a whole, because its records have to be written in an
// order that its text need not have. A parser accepts messages of which it
// loses something, so each format has a check for that.

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/error_place.h"
#include "cli/json_keys.h"
#include "cli/progress.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/used_features.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/protobuf_compat.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
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

// Keeps the first error of the text parser.
class FirstError : public TextErrorCollector {
 public:
  void TakeError(int line, int column, ProtobufText message) override {
    if (!text_.empty()) return;
    text_ = line < 0 ? message
                     : absl::StrCat("line ", line + 1, ", column ", column + 1,
                                    ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

absl::Status ParseJson(const std::string& bytes, Message* state) {
  DS_RETURN_IF_ERROR(CheckKeysOnce(bytes, *state->GetDescriptor()));
  const auto status = google::protobuf::util::JsonStringToMessage(bytes, state);
  if (status.ok()) return absl::OkStatus();
  // It quotes the place in lines of its own.
  return absl::InvalidArgumentError(
      absl::StrReplaceAll(std::string(status.message()), {{"\n", " "}}));
}

// Refuses a map that has a key twice. The parser of text keeps both entries
// until somebody asks for one by its key.
absl::Status CheckMapKeysOnce(const Message& message,
                              const std::string& prefix) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    const std::string path = absl::StrCat(prefix, field->name());
    if (!field->is_repeated()) {
      DS_RETURN_IF_ERROR(CheckMapKeysOnce(
          reflection->GetMessage(message, field), absl::StrCat(path, ".")));
      continue;
    }
    std::set<std::string> keys;
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      const Message& element =
          reflection->GetRepeatedMessage(message, field, i);
      if (field->is_map()) {
        std::string key;
        google::protobuf::TextFormat::PrintFieldValueToString(
            element, field->message_type()->map_key(), -1, &key);
        if (!keys.insert(key).second) {
          return absl::InvalidArgumentError(
              absl::StrCat(path, "[", key,
                           "] is there twice: only one of them can be meant"));
        }
      }
      DS_RETURN_IF_ERROR(
          CheckMapKeysOnce(element, absl::StrCat(path, "[", i, "].")));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseText(const std::string& bytes, Message* state) {
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  if (!parser.ParseFromString(bytes, state)) {
    return absl::InvalidArgumentError(errors.text());
  }
  return CheckMapKeysOnce(*state, "");
}

// Refuses what a parser would take although something of it is lost.
absl::Status ParseBinary(const std::string& bytes, Message* state) {
  const Descriptor& type = *state->GetDescriptor();
  absl::Status status;
  const bool well_formed = WalkWire(bytes, type, [&](const WireFinding& found) {
    if (found.fault == WireFault::kRecord) return true;
    status = absl::InvalidArgumentError(
        absl::StrCat(FaultText(found), ": no reader would load it"));
    return false;
  });
  DS_RETURN_IF_ERROR(status);
  if (well_formed && state->ParseFromString(bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("not a well-formed ", type.full_name()));
}

absl::Status Parse(const std::string& bytes, StateFormat format,
                   Message* state) {
  switch (format) {
    case StateFormat::kJson:
      return ParseJson(bytes, state);
    case StateFormat::kText:
      return ParseText(bytes, state);
    case StateFormat::kBinary:
      break;
  }
  return ParseBinary(bytes, state);
}

// Takes the singular fields out of `state`.
absl::Status Write(const SchemaModel& schema, Message* state,
                   DynamicStateWriter& writer) {
  const auto* reflection = state->GetReflection();
  std::vector<const FieldDescriptor*> singular;
  for (const FieldModel& field : schema.root->fields) {
    if (!HoldsRecords(field)) singular.push_back(field.descriptor);
  }
  const std::unique_ptr<Message> root(state->New());
  reflection->SwapFields(state, root.get(), singular);
  DS_RETURN_IF_ERROR(writer.Begin(*root));
  for (const FieldModel* batch : schema.batches) {
    const FieldDescriptor* field = batch->descriptor;
    for (int i = 0; i < reflection->FieldSize(*state, field); ++i) {
      DS_RETURN_IF_ERROR(
          writer.Add(*field, reflection->GetRepeatedMessage(*state, field, i)));
    }
  }
  return writer.Finish();
}

absl::Status Run(const EncodeFlags& flags) {
  DS_RETURN_IF_ERROR(
      NamesItsPlace(CheckStandardInput({flags.file, flags.schema.schema})));
  WriterOptions options;
  DS_ASSIGN_OR_RETURN(options.compression,
                      Compression::Parse(flags.compression));
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema, flags.schema.Load());
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> input, OpenInput(flags.file));
  input = WithProgress(std::move(input), "reading", FileSize(flags.file));
  DS_ASSIGN_OR_RETURN(const std::string bytes, ReadInput(*input));
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> state(
      factory.GetPrototype(&schema.root())->New());
  DS_RETURN_IF_ERROR(Parse(bytes, flags.format, state.get()));

  std::set<std::string> features(flags.features.begin(), flags.features.end());
  AddUsedFeatures(*state, &features);
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
  DS_RETURN_IF_ERROR(Write(schema.model(), state.get(), writer));
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
      "Reads its input as a whole: several times its size in memory, 1 GiB of\n"
      "input at most. The same input and options are the same bytes.\n" +
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
