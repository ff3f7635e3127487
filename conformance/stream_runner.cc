// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Streams of other implementations need not be the same bytes, so values and
// states are compared, not streams. An implementation that ends is started
// again, so that one case cannot fail all that come after it.

#include "devstate/conformance/stream_runner.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "devstate/conformance/pipe_process.h"
#include "devstate/conformance/state_message.h"
#include "devstate/conformance/stream_kit.h"
#include "devstate/conformance/stream_protocol.h"
#include "devstate/serializer/root_message.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"

namespace devstate::conformance {
namespace {

using ::google::protobuf::Message;
using Kind = StreamAnswer::Kind;

// What an implementation said, for people.
std::string Described(const StreamAnswer& answer) {
  switch (answer.kind) {
    case Kind::kWhole:
      return "said that the stream is whole";
    case Kind::kValue:
      return "took the stream";
    case Kind::kStream:
      return "wrote a stream";
    case Kind::kFingerprint:
      return absl::StrCat("said the fingerprint is ", answer.fingerprint);
    case Kind::kRefused:
      return absl::StrCat("refused with ", answer.reason, ": ", answer.text);
    case Kind::kSkipped:
      return absl::StrCat("skipped: ", answer.text);
    case Kind::kError:
      break;
  }
  return absl::StrCat("failed: ", answer.text);
}

absl::Status Unexpected(const StreamAnswer& answer) {
  return absl::FailedPreconditionError(Described(answer));
}

absl::Status Parse(const std::string& json, Message* message) {
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("no JSON of the root message: ", status.ToString()));
}

// Compares values as JSON can tell them apart: 0 and -0 are one, NaN is itself.
absl::Status CheckValue(const StreamCase& one, const StreamAnswer& answer) {
  if (answer.kind != Kind::kValue) return Unexpected(answer);
  if (!one.value.has_value()) return absl::OkStatus();
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      SchemaFor(one.stream, one.schema, one.root));
  google::protobuf::DynamicMessageFactory factory;
  const Message& prototype = *factory.GetPrototype(&schema.root());
  const std::unique_ptr<Message> expected(prototype.New());
  const std::unique_ptr<Message> found(prototype.New());
  DS_RETURN_IF_ERROR(Parse(*one.value, expected.get()));
  DS_RETURN_IF_ERROR(Parse(answer.value, found.get()));
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  if (differencer.Compare(*expected, *found)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("another value: ", differences));
}

// Reads both streams, bit by bit.
absl::Status CheckStream(const StreamCase& one, const StreamAnswer& answer) {
  if (answer.kind != Kind::kStream) return Unexpected(answer);
  DS_ASSIGN_OR_RETURN(const LoadedSchema schema,
                      SchemaFor(one.stream, one.schema, one.root));
  google::protobuf::DynamicMessageFactory factory;
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Message> expected,
                      ReadStateMessage(one.stream, schema, factory));
  const absl::StatusOr<std::unique_ptr<Message>> found =
      ReadStateMessage(answer.stream, schema, factory);
  if (!found.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "wrote a stream that is refused: ", found.status().message()));
  }
  if (SerializeDeterministic(*expected) == SerializeDeterministic(**found)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError("wrote another state");
}

// OK, UNIMPLEMENTED for what is skipped, or what was wrong.
absl::Status Judge(const StreamCase& one, const std::string& action,
                   const StreamAnswer& answer) {
  if (answer.kind == Kind::kSkipped) {
    return absl::UnimplementedError(answer.text);
  }
  const bool allowed = answer.kind == Kind::kRefused &&
                       std::find(one.reasons.begin(), one.reasons.end(),
                                 answer.reason) != one.reasons.end();
  if (allowed) return absl::OkStatus();
  if (one.level == "rounds" && answer.reason == "UNKNOWN_CONTENT") {
    return absl::UnimplementedError("takes no states in rounds");
  }
  if (!one.reasons.empty()) return Unexpected(answer);
  if (action == "verify") {
    return answer.kind == Kind::kWhole ? absl::OkStatus() : Unexpected(answer);
  }
  if (action == "encode") return CheckStream(one, answer);
  if (action == "fingerprint") {
    if (answer.kind != Kind::kFingerprint) return Unexpected(answer);
    if (answer.canonical != one.canonical) {
      return absl::FailedPreconditionError("another canonical form");
    }
    return answer.fingerprint == one.fingerprint ? absl::OkStatus()
                                                 : Unexpected(answer);
  }
  return CheckValue(one, answer);
}

std::string Expected(const StreamCase& one) {
  if (!one.fingerprint.empty()) return "canonical form and fingerprint";
  if (one.reasons.empty()) return "taken";
  return absl::StrCat("refused with ", absl::StrJoin(one.reasons, " or "));
}

class Runner {
 public:
  explicit Runner(const StreamRunOptions& options) : options_(options) {}

  absl::Status Start() {
    if (process_ != nullptr) return absl::OkStatus();
    DS_ASSIGN_OR_RETURN(process_,
                        PipeProcess::Start(options_.command, options_.timeout));
    return absl::OkStatus();
  }

  // The first answer that is not right, or OK.
  absl::Status Run(const StreamCase& one) {
    absl::Status skipped;
    for (const std::string& action : one.actions) {
      DS_RETURN_IF_ERROR(Start());
      const StreamRequest request = {action, one.stream, one.schema, one.root};
      const absl::StatusOr<std::string> text =
          process_->Exchange(RequestText(request));
      if (!text.ok()) process_.reset();
      absl::Status status = text.status();
      if (status.ok()) {
        const absl::StatusOr<StreamAnswer> answer = ParseAnswer(*text);
        status = answer.ok() ? Judge(one, action, *answer) : answer.status();
      }
      if (absl::IsUnimplemented(status)) {
        skipped = status;
      } else if (!status.ok()) {
        return absl::Status(status.code(),
                            absl::StrCat(action, ": ", status.message()));
      }
    }
    return skipped;
  }

 private:
  const StreamRunOptions& options_;
  std::unique_ptr<PipeProcess> process_;
};

// Fills the row and counts it.
void Record(const absl::Status& status, bool known, ConformanceCase* row,
            ConformanceReport* report) {
  const bool skipped = absl::IsUnimplemented(status);
  row->set_happened(std::string(status.message()));
  if (known && status.ok()) {
    row->set_result("fail");
    row->set_happened("passes: take it out of the failure list");
  } else if (known) {
    row->set_result("skip");
    row->set_happened(absl::StrCat("known to fail: ", row->happened()));
  } else {
    row->set_result(status.ok() ? "pass" : skipped ? "skip" : "fail");
  }
  if (row->result() == "pass") report->set_passed(report->passed() + 1);
  if (row->result() == "fail") report->set_failed(report->failed() + 1);
  if (row->result() == "skip") report->set_skipped(report->skipped() + 1);
}

}  // namespace

absl::StatusOr<std::set<std::string>> ReadFailureList(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  std::set<std::string> names;
  std::string line;
  while (std::getline(file, line)) {
    if (!line.empty() && line[0] != '#') names.insert(line);
  }
  return names;
}

absl::StatusOr<ConformanceReport> RunStreamCases(
    const StreamRunOptions& options,
    const std::function<void(const ConformanceCase&)>& each) {
  DS_ASSIGN_OR_RETURN(const std::vector<StreamCase> cases,
                      LoadStreamCases(options.folder));
  std::set<std::string> unknown = options.known_failures;
  for (const StreamCase& one : cases) unknown.erase(one.name);
  if (!unknown.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the failure list names \"", *unknown.begin(), "\", which is no case"));
  }
  Runner runner(options);
  DS_RETURN_IF_ERROR(runner.Start());
  ConformanceReport report;
  for (const StreamCase& one : cases) {
    if (!absl::StartsWith(one.name, options.only)) continue;
    ConformanceCase& row = *report.add_cases();
    row.set_name(one.name);
    row.set_section(one.level);
    row.set_expected(Expected(one));
    Record(runner.Run(one), options.known_failures.count(one.name) != 0, &row,
           &report);
    each(row);
  }
  if (report.cases().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no case's name starts with \"", options.only, "\""));
  }
  return report;
}

}  // namespace devstate::conformance
