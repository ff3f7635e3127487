// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/stream_implementation.h"

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/conformance/state_message.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/serializer/dynamic/state_printer.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/memory_stream.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/root_message.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/serializer/stream_messages.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::conformance {
namespace {

StreamAnswer Failure(const absl::Status& status) {
  StreamAnswer answer;
  answer.text = std::string(status.message());
  const absl::optional<ErrorDetail> detail = GetErrorDetail(status);
  if (!detail.has_value()) return answer;
  answer.kind = StreamAnswer::Kind::kRefused;
  answer.reason = ReasonName(detail->reason);
  answer.offset = detail->offset;
  if (detail->chunk.has_value()) answer.chunk = *detail->chunk;
  return answer;
}

absl::StatusOr<StreamAnswer> Verify(const StreamRequest& request) {
  MemorySource source(request.stream);
  StreamReader reader(&source, Limits(), Rounds::kTake);
  DS_RETURN_IF_ERROR(reader.ReadHeader().status());
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
  }
  StreamAnswer answer;
  answer.kind = StreamAnswer::Kind::kWhole;
  return answer;
}

absl::StatusOr<StreamAnswer> Decode(const StreamRequest& request,
                                    const LoadedSchema& schema) {
  MemorySource source(request.stream);
  DynamicStateReader reader(&source);
  MemorySink sink;
  StatePrinter printer(schema.root(), StateFormat::kJson, /*redactor=*/nullptr,
                       &sink);
  DS_RETURN_IF_ERROR(reader.Read(schema.model(), printer));
  DS_RETURN_IF_ERROR(printer.Finish());
  StreamAnswer answer;
  answer.kind = StreamAnswer::Kind::kValue;
  answer.value = sink.bytes();
  return answer;
}

// Returns whether a path leads to a field of a record. What is about records, a
// reader finds one by one; all else takes the whole state.
bool IsOfRecord(const std::string& path, const SchemaModel& schema) {
  for (const FieldModel* batch : schema.batches) {
    if (absl::StartsWith(path, absl::StrCat(batch->name, "."))) return true;
  }
  return false;
}

// As Decode(), and judges the annotations that schema readers check.
absl::StatusOr<StreamAnswer> Check(const StreamRequest& request,
                                   const LoadedSchema& schema) {
  DS_ASSIGN_OR_RETURN(StreamAnswer answer, Decode(request, schema));
  MemorySource source(request.stream);
  bool upgrade;
  const Verdict verdict = CheckStream(
      &source, {&schema.root(), &schema.model()}, GateOptions(), &upgrade);
  for (const Finding& finding : verdict.findings()) {
    if (finding.level() < VERDICT_LEVEL_REFUSED ||
        finding.rule() == "not-unique" ||
        !IsOfRecord(finding.path(), schema.model())) {
      continue;
    }
    if (finding.rule() != "value-out-of-bounds" &&
        finding.rule() != "required-missing") {
      return absl::InternalError(
          absl::StrCat(finding.rule(), " of a stream that decodes"));
    }
    answer = StreamAnswer();
    answer.kind = StreamAnswer::Kind::kRefused;
    answer.reason = ReasonName(ERROR_REASON_CONSTRAINT);
    answer.text = absl::StrCat(finding.path(), ": ", finding.text());
    return answer;
  }
  return answer;
}

absl::StatusOr<StreamAnswer> Encode(const StreamRequest& request,
                                    const LoadedSchema& schema) {
  google::protobuf::DynamicMessageFactory factory;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> state,
                      ReadStateMessage(request.stream, schema, factory));
  StreamAnswer answer;
  answer.kind = StreamAnswer::Kind::kStream;
  DS_ASSIGN_OR_RETURN(answer.stream, WriteStateMessage(*state, schema));
  return answer;
}

StreamAnswer FingerprintOf(const LoadedSchema& schema) {
  StreamAnswer answer;
  answer.kind = StreamAnswer::Kind::kFingerprint;
  answer.fingerprint = absl::BytesToHexString(schema.model().fingerprint);
  answer.canonical = SerializeDeterministic(CanonicalSchema(schema.root()));
  return answer;
}

absl::StatusOr<StreamAnswer> Answer(const StreamRequest& request) {
  if (request.action == "verify") return Verify(request);
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      SchemaFor(request.stream, request.schema, request.root));
  if (request.action == "decode") return Decode(request, schema);
  if (request.action == "check") return Check(request, schema);
  if (request.action == "encode") return Encode(request, schema);
  if (request.action == "fingerprint") return FingerprintOf(schema);
  StreamAnswer answer;
  answer.kind = StreamAnswer::Kind::kSkipped;
  answer.text = absl::StrCat("cannot do \"", request.action, "\"");
  return answer;
}

}  // namespace

StreamAnswer AnswerRequest(const StreamRequest& request) {
  const absl::StatusOr<StreamAnswer> answer = Answer(request);
  return answer.ok() ? *answer : Failure(answer.status());
}

}  // namespace devstate::conformance
