// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/conformance/stream_runner.h"

#include <fstream>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "devstate/conformance/pipe_process.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::conformance {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kProgram[] = "conformance/stream_program";

StreamRunOptions OptionsFor(const std::string& command) {
  StreamRunOptions options;
  options.folder = "conformance/streams";
  options.command = command;
  return options;
}

// Says what this implementation says but for one thing.
StreamRunOptions Wrong(const std::string& how, const std::string& only) {
  StreamRunOptions options = OptionsFor(absl::StrCat(
      "python3 conformance/wrong_implementation.py '", how, "' ", kProgram));
  options.only = only;
  return options;
}

ConformanceReport Report(const StreamRunOptions& options) {
  absl::StatusOr<ConformanceReport> report =
      RunStreamCases(options, [](const ConformanceCase&) {});
  EXPECT_THAT(report, IsOk());
  return report.ok() ? *report : ConformanceReport();
}

// What happened in the only case that was run.
std::string Failure(const std::string& how, const std::string& only) {
  const ConformanceReport report = Report(Wrong(how, only));
  EXPECT_EQ(report.failed(), 1u) << how;
  return report.cases().empty() ? "" : report.cases(0).happened();
}

TEST(StreamRunner, ThisImplementationGivesTheAnswerToEveryCase) {
  const ConformanceReport report = Report(OptionsFor(kProgram));
  EXPECT_GE(report.passed(), 1000u);
  EXPECT_EQ(report.skipped(), 0u);
  for (const ConformanceCase& row : report.cases()) {
    EXPECT_EQ(row.result(), "pass") << row.name() << ": expected "
                                    << row.expected() << ", " << row.happened();
  }
}

TEST(StreamRunner, AStreamThatIsTakenAndShouldNotBeFails) {
  EXPECT_THAT(Failure("takes everything", "order/two root chunks"),
              HasSubstr("verify: said that the stream is whole"));
}

TEST(StreamRunner, AnotherReasonFails) {
  EXPECT_THAT(Failure("another reason", "order/two root chunks"),
              HasSubstr("refused with NO_SUCH_REASON"));
}

TEST(StreamRunner, AnotherValueFailsWithItsField) {
  EXPECT_THAT(Failure("another value", "order/root and batch"),
              HasSubstr("decode: another value: modified: u32: 5 -> 77"));
}

TEST(StreamRunner, AWrittenStreamThatIsRefusedFails) {
  EXPECT_THAT(Failure("another stream", "order/root and batch"),
              HasSubstr("encode: wrote a stream that is refused"));
}

TEST(StreamRunner, AnotherFingerprintFails) {
  EXPECT_THAT(Failure("another fingerprint", "schema/map"),
              HasSubstr("said the fingerprint is 0000"));
}

TEST(StreamRunner, WhatAnImplementationDoesNotDoIsSkipped) {
  const ConformanceReport report =
      Report(Wrong("skips", "order/root and batch"));
  EXPECT_EQ(report.failed(), 0u);
  EXPECT_EQ(report.skipped(), 1u);
  EXPECT_EQ(report.cases(0).happened(), "it does not write");
}

TEST(StreamRunner, AnImplementationThatEndsIsStartedAgain) {
  const ConformanceReport report = Report(Wrong("ends", "order/root"));
  EXPECT_EQ(report.failed(), 2u);
  EXPECT_EQ(report.cases_size(), 2);
  EXPECT_THAT(report.cases(1).happened(),
              HasSubstr("encode: the command ended without an answer"));
}

TEST(StreamRunner, OtherOutputFails) {
  EXPECT_THAT(Failure("talks", "order/root and batch"),
              HasSubstr("standard output"));
}

TEST(StreamRunner, WhatACommandPrintedBeforeItEndedIsLookedAt) {
  const auto command = PipeProcess::Start("echo ready", absl::Minutes(1));
  ASSERT_THAT(command, IsOk());
  // More than a pipe holds, so that it cannot be written before the end.
  EXPECT_THAT((*command)->Exchange(std::string(1 << 20, 'x')),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("standard output")));
}

TEST(StreamRunner, AKnownFailureIsSkippedAndMustNotPass) {
  StreamRunOptions options = Wrong("another value", "order/root and batch");
  options.known_failures = {"order/root and batch"};
  EXPECT_EQ(Report(options).skipped(), 1u);
  options.command = kProgram;
  const ConformanceReport report = Report(options);
  EXPECT_EQ(report.failed(), 1u);
  EXPECT_THAT(report.cases(0).happened(), HasSubstr("take it out"));
}

TEST(StreamRunner, AKnownFailureThatIsNoCaseIsAnError) {
  StreamRunOptions options = OptionsFor(kProgram);
  options.known_failures = {"no such case"};
  EXPECT_THAT(
      RunStreamCases(options, [](const ConformanceCase&) {}).status(),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no such case")));
}

TEST(StreamRunner, NoCaseIsAnError) {
  StreamRunOptions options = OptionsFor(kProgram);
  options.only = "nothing of this name";
  EXPECT_THAT(RunStreamCases(options, [](const ConformanceCase&) {}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("nothing of this name")));
}

TEST(StreamRunner, AMissingFolderIsNamed) {
  StreamRunOptions options = OptionsFor(kProgram);
  options.folder = "no/such/folder";
  EXPECT_THAT(
      RunStreamCases(options, [](const ConformanceCase&) {}).status(),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such/folder")));
}

TEST(StreamRunner, AFailureListHasANameALine) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/failures");
  std::ofstream(path) << "# why\n\norder/root and batch\nschema/map\n";
  const absl::StatusOr<std::set<std::string>> names = ReadFailureList(path);
  ASSERT_THAT(names, IsOk());
  EXPECT_EQ(*names,
            (std::set<std::string>{"order/root and batch", "schema/map"}));
}

}  // namespace
}  // namespace devstate::conformance
