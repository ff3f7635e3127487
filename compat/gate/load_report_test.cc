// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/load_report.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr SchemaInfo kReader = {"devices.fs.v1",         1,   0, "virtio-fs",
                                "devices.fs.v1.FsState", "f", ""};

StreamHeader Header() {
  StreamHeader header;
  header.schema = "devices.fs.v1";
  header.schema_version = 3;
  header.writer.name = "fs";
  header.writer.version = "3.0";
  return header;
}

Verdict Refused(int findings) {
  Verdict verdict;
  verdict.set_level(VERDICT_LEVEL_REFUSED);
  Finding& first = *verdict.add_findings();
  first.set_rule("field-absent");
  first.set_level(VERDICT_LEVEL_COMPATIBLE);
  for (int i = 0; i < findings; ++i) {
    Finding& finding = *verdict.add_findings();
    finding.set_rule("unknown-critical");
    finding.set_level(VERDICT_LEVEL_REFUSED);
    finding.set_path("handles.locks");
    finding.set_text("the writer's field\n\"locks\"");
  }
  return verdict;
}

TEST(VerdictLogLineTest, TellsLevelVersionsRulePathAndText) {
  EXPECT_EQ(VerdictLogLine(Refused(1), Header(), kReader),
            "refused: state of devices.fs.v1 version 3 by fs 3.0, reader has "
            "version 1: [unknown-critical] handles.locks: the writer's "
            "field\\n\"locks\"");
}

TEST(VerdictLogLineTest, TextThatQuotesBytesIsNotEscapedAgain) {
  Verdict verdict = Refused(1);
  verdict.mutable_findings(1)->set_text(R"(it starts with "\xd4'\n" \\')");
  EXPECT_THAT(VerdictLogLine(verdict, Header(), kReader),
              ::testing::HasSubstr(R"(: it starts with "\xd4'\n" \\')"));
}

TEST(VerdictLogLineTest, WriterWithoutANameIsLeftOut) {
  StreamHeader header = Header();
  header.writer = {};
  EXPECT_THAT(VerdictLogLine(Refused(1), header, kReader),
              ::testing::HasSubstr("version 3, reader has version 1"));
}

TEST(VerdictLogLineTest, WriterWithoutAVersionIsItsName) {
  StreamHeader header = Header();
  header.writer.version.clear();
  EXPECT_THAT(VerdictLogLine(Refused(1), header, kReader),
              ::testing::HasSubstr("by fs, reader has version 1"));
}

TEST(VerdictLogLineTest, StaysOneLineHoweverManyFindings) {
  const std::string line = VerdictLogLine(Refused(50), Header(), kReader);
  EXPECT_THAT(line, ::testing::HasSubstr("; and 47 more"));
  EXPECT_LT(line.size(), 500u);
}

TEST(VerdictLogLineTest, StreamWithoutAHeaderHasNone) {
  Verdict verdict;
  verdict.set_level(VERDICT_LEVEL_DAMAGED);
  EXPECT_EQ(VerdictLogLine(verdict, StreamHeader(), kReader),
            "damaged: no header was read, reader has version 1");
}

TEST(LoadReportJsonTest, IsTheMessageOfVerdictProto) {
  LoadReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  LoadReportJson(Refused(1), Header(), kReader), &report)
                  .ok());
  EXPECT_EQ(report.verdict(), "refused");
  EXPECT_EQ(report.writer_version(), 3u);
  EXPECT_EQ(report.reader_version(), 1u);
  ASSERT_EQ(report.findings_size(), 2);
  EXPECT_EQ(report.findings(1).path(), "handles.locks");
}

}  // namespace
}  // namespace devstate
