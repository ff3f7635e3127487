// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a message that `devstate encode` gets, of a schema that has
// everything: JSON, text or binary. What becomes a stream is printed again in
// every format, and each print is the same stream. JSON is taken record by
// record, and as a whole it is the same.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "cli/json_state.h"
#include "cli/state_message.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "tests/codegen/everything.pb.h"

namespace devstate {
namespace {

using ::devstate::fuzz::Promise;
using ::devstate::test::everything::Everything;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;

constexpr StateFormat kFormats[] = {StateFormat::kJson, StateFormat::kText,
                                    StateFormat::kBinary};

const SchemaModel& Schema() {
  static const auto& schema =
      *new SchemaModel(BuildSchemaModel(*Everything::descriptor()));
  return schema;
}

absl::StatusOr<std::string> Write(Everything& state, const VisitTable& more) {
  static const auto& facts = *new SchemaFacts(*Everything::descriptor());
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  StringSink sink;
  DynamicStateWriter writer(&sink, Schema(), facts.info(), options);
  DS_RETURN_IF_ERROR(WriteState(Schema(), &state, more, writer));
  return sink.written;
}

absl::StatusOr<std::string> Encode(const std::string& bytes,
                                   StateFormat format) {
  Everything state;
  DS_RETURN_IF_ERROR(ParseState(bytes, format, &state));
  return Write(state, /*more=*/nullptr);
}

absl::StatusOr<std::string> EncodeRecordByRecord(const std::string& bytes) {
  const OpenSource open = [&bytes] {
    return absl::StatusOr<std::shared_ptr<ByteSource>>(
        std::make_shared<StringSource>(bytes));
  };
  Everything state;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<JsonState> json,
                      JsonState::Read(open, Schema(), &state));
  return Write(state,
               [&json](const FieldModel& table, const VisitRecord& visit) {
                 return json->VisitRecords(table, visit);
               });
}

std::string Print(const std::string& stream, StateFormat format) {
  StringSource source(stream);
  StringSink sink;
  DynamicStateReader reader(&source);
  StatePrinter printer(*Everything::descriptor(), format, /*redactor=*/nullptr,
                       &sink);
  absl::Status status = reader.Read(Schema(), printer);
  if (status.ok()) status = printer.Finish();
  Promise(status.ok(), "what encode writes is a state", status.ToString());
  return sink.written;
}

void CompareWithParts(const std::string& bytes,
                      const absl::StatusOr<std::string>& whole) {
  const auto parts = EncodeRecordByRecord(bytes);
  // A record that is no object has no place in a stream, and protobuf's parser
  // may leave it out. A table that is there twice it puts together.
  Promise(!parts.ok() || (whole.ok() && *whole == *parts),
          "record by record the state is the same", bytes);
  const auto refusal = parts.status().message();
  Promise(parts.ok() || !whole.ok() ||
              absl::StrContains(refusal, "records are objects in braces") ||
              absl::StrContains(refusal, "is there twice"),
          "record by record the same is taken", parts.status().ToString());
}

void Run(const std::string& bytes) {
  for (const StateFormat format : kFormats) {
    const auto stream = Encode(bytes, format);
    if (format == StateFormat::kJson) CompareWithParts(bytes, stream);
    if (!stream.ok()) {
      Promise(stream.status().message().find('\n') == absl::string_view::npos,
              "an error is one line", stream.status().ToString());
      continue;
    }
    for (const StateFormat printed_as : kFormats) {
      const std::string printed = Print(*stream, printed_as);
      const auto again = Encode(printed, printed_as);
      Promise(again.ok(), "what is printed can be encoded",
              again.status().ToString() + "\n" + printed);
      // A NaN has many bit patterns, and JSON and text have one.
      if (printed_as != StateFormat::kBinary &&
          (printed.find("NaN") != std::string::npos ||
           printed.find("nan") != std::string::npos)) {
        continue;
      }
      Promise(*again == *stream, "what is printed is the same state", printed);
    }
  }
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
