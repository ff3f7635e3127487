// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/verdict.h"

#include <functional>
#include <vector>

#include "devstate/compat/rules.h"
#include "devstate/serializer/stream_error.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::HasSubstr;

constexpr SchemaInfo kReader = {
    "devices.fs.v1", 3, 1, "virtio-fs", "devices.fs.v1.FsState",
    "fingerprint",   ""};

StreamHeader MatchingHeader() {
  StreamHeader header;
  header.device = "virtio-fs";
  header.schema = "devices.fs.v1";
  header.schema_version = 3;
  header.root_message = "devices.fs.v1.FsState";
  header.fingerprint = "fingerprint";
  return header;
}

absl::Status Damage(ErrorReason reason) {
  ErrorDetail detail;
  detail.reason = reason;
  detail.offset = 0x1a4;
  detail.chunk = 7;
  return StreamError(detail, "what is wrong");
}

TEST(JudgeHeaderTest, SameFingerprintIsIdentical) {
  EXPECT_EQ(JudgeHeader(MatchingHeader(), kReader).level(),
            VERDICT_LEVEL_IDENTICAL);
}

TEST(JudgeHeaderTest, AnotherFingerprintOfTheSameSchemaIsLeftToTheChunks) {
  StreamHeader header = MatchingHeader();
  header.fingerprint = "another";
  EXPECT_EQ(JudgeHeader(header, kReader).level(), VERDICT_LEVEL_COMPATIBLE);
}

TEST(JudgeHeaderTest, AnotherDeviceIsRefusedByName) {
  StreamHeader header = MatchingHeader();
  header.device = "virtio-net";
  const Verdict verdict = JudgeHeader(header, kReader);
  EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(verdict.findings(0).rule(), "wrong-device");
  EXPECT_THAT(
      VerdictStatus(verdict),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("virtio-net")));
}

TEST(JudgeHeaderTest, NamesOfTheHeaderStayWithinTheirLine) {
  StreamHeader header = MatchingHeader();
  header.device = "virtio\n\x1b[2Jfs";
  header.schema = "devices\n.fs";
  header.root_message = "State\r";
  EXPECT_EQ(VerdictText(JudgeHeader(header, kReader)).find_first_of("\n\r\x1b"),
            std::string::npos);
}

TEST(JudgeHeaderTest, AnotherSchemaOrRootIsRefused) {
  StreamHeader header = MatchingHeader();
  header.schema = "vendor.fs.v1";
  EXPECT_EQ(JudgeHeader(header, kReader).findings(0).rule(), "wrong-schema");
  header = MatchingHeader();
  header.root_message = "devices.fs.v1.Inode";
  EXPECT_EQ(JudgeHeader(header, kReader).findings(0).rule(), "wrong-schema");
}

TEST(JudgeHeaderTest, WriterThatAsksForANewerReaderIsRefused) {
  StreamHeader header = MatchingHeader();
  header.min_reader = 4;
  const Verdict verdict = JudgeHeader(header, kReader);
  EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(verdict.findings(0).rule(), "too-new");
}

TEST(JudgeHeaderTest, IsIdenticalExactlyIfTheHeaderIsOfTheSchema) {
  const std::vector<std::function<void(StreamHeader&)>> changes = {
      [](StreamHeader&) {},
      [](StreamHeader& h) { h.fingerprint = "another"; },
      [](StreamHeader& h) { h.device = "virtio-net"; },
      [](StreamHeader& h) { h.schema = "vendor.fs.v1"; },
      [](StreamHeader& h) { h.root_message = "devices.fs.v1.Inode"; },
      [](StreamHeader& h) { h.min_reader = kReader.version; },
      [](StreamHeader& h) { h.min_reader = kReader.version + 1; },
      [](StreamHeader& h) { h.schema_version = 9; },
  };
  for (const auto& change : changes) {
    StreamHeader header = MatchingHeader();
    change(header);
    EXPECT_EQ(IsOfSchema(header, kReader),
              JudgeHeader(header, kReader).level() == VERDICT_LEVEL_IDENTICAL)
        << Serialize(header);
  }
}

TEST(VerdictTextTest, TellsThePathAndTextOfWhatMakesTheVerdict) {
  Verdict verdict;
  verdict.set_level(VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(VerdictText(verdict), "refused");
  Finding* moved = verdict.add_findings();
  moved->set_rule("field-moved");
  moved->set_level(VERDICT_LEVEL_CONVERTED);
  moved->set_text("the move is declared");
  Finding* unknown = verdict.add_findings();
  unknown->set_rule("unknown-critical");
  unknown->set_level(VERDICT_LEVEL_REFUSED);
  unknown->set_path("handles.locks");
  unknown->set_text("do without");
  EXPECT_EQ(VerdictText(verdict),
            "refused [unknown-critical] handles.locks: do without");
}

TEST(JudgeLoadTest, SuccessKeepsTheHeadersVerdict) {
  Verdict header;
  header.set_level(VERDICT_LEVEL_COMPATIBLE);
  EXPECT_EQ(JudgeLoad(header, absl::OkStatus()).level(),
            VERDICT_LEVEL_COMPATIBLE);
  EXPECT_THAT(VerdictStatus(header), IsOk());
}

TEST(JudgeLoadTest, EveryReasonHasItsRuleAndLevel) {
  const struct {
    ErrorReason reason;
    const char* rule;
    VerdictLevel level;
  } kCases[] = {
      {ERROR_REASON_NOT_A_STREAM, "not-a-stream", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_NO_TRAILER, "no-trailer", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_CHECKSUM, "checksum", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_TRAILING_BYTES, "trailing-bytes", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_LIMIT, "limit", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_MALFORMED, "malformed", VERDICT_LEVEL_DAMAGED},
      {ERROR_REASON_UNKNOWN_CONTENT, "unknown-critical", VERDICT_LEVEL_REFUSED},
      {ERROR_REASON_CONSTRAINT, "value-out-of-bounds", VERDICT_LEVEL_REFUSED},
  };
  for (const auto& test_case : kCases) {
    const Verdict verdict = JudgeLoad(Verdict(), Damage(test_case.reason));
    EXPECT_EQ(verdict.level(), test_case.level) << test_case.rule;
    EXPECT_EQ(verdict.findings(0).rule(), test_case.rule);
  }
}

TEST(JudgeLoadTest, AMissingRequiredValueHasARuleOfItsOwn) {
  absl::Status status = Damage(ERROR_REASON_CONSTRAINT);
  SetRequiredMissing(&status);
  const Verdict verdict = JudgeLoad(Verdict(), status);
  EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(verdict.findings(0).rule(), "required-missing");
  const uint64_t code = FindRule("required-missing")->code;
  EXPECT_EQ(CheckReplyValue(verdict, status), 0xd507000200000007u | code << 40);
}

TEST(JudgeLoadTest, AValueInPiecesThatIsNotWholeHasARuleOfItsOwn) {
  const Verdict verdict = JudgeLoad(
      Verdict(), PiecesError(ErrorDetail(), "pixels[3]: it is empty"));
  EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(verdict.findings(0).rule(), "pieces-not-whole");
}

TEST(JudgeLoadTest, ErrorOfTheDeviceItselfIsARefusal) {
  const Verdict verdict = JudgeLoad(Verdict(), absl::NotFoundError("inode 8"));
  EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(verdict.findings(0).rule(), "device-refused");
}

TEST(CheckReplyValueTest, ZeroExactlyOnAcceptance) {
  Verdict verdict;
  verdict.set_level(VERDICT_LEVEL_LOSSY);
  EXPECT_EQ(CheckReplyValue(verdict, absl::OkStatus()), 0);
  EXPECT_NE(CheckReplyValue(verdict, absl::InternalError("")), 0);
  verdict.set_level(VERDICT_LEVEL_REFUSED);
  EXPECT_NE(CheckReplyValue(verdict, absl::OkStatus()), 0);
}

TEST(CheckReplyValueTest, DamageTellsRuleAndChunk) {
  const absl::Status status = Damage(ERROR_REASON_CHECKSUM);
  const uint64_t code = FindRule("checksum")->code;
  EXPECT_EQ(CheckReplyValue(JudgeLoad(Verdict(), status), status),
            0xd508000200000007u | code << 40);
}

TEST(CheckReplyValueTest, RefusalTellsRuleAndField) {
  Verdict verdict;
  verdict.set_level(VERDICT_LEVEL_REFUSED);
  verdict.add_findings()->set_level(VERDICT_LEVEL_COMPATIBLE);
  Finding& finding = *verdict.add_findings();
  finding.set_level(VERDICT_LEVEL_REFUSED);
  finding.set_rule("unknown-critical");
  finding.set_field_number(0x1234567);
  const uint64_t code = FindRule("unknown-critical")->code;
  EXPECT_EQ(CheckReplyValue(verdict, VerdictStatus(verdict)),
            0xd507000101234567u | code << 40);
}

TEST(CheckReplyTextTest, SaysVerdictRuleAndPlace) {
  const absl::Status status = Damage(ERROR_REASON_CHECKSUM);
  const std::string damaged =
      CheckReplyText(CheckReplyValue(JudgeLoad(Verdict(), status), status));
  EXPECT_EQ(damaged.substr(damaged.find(',')),
            ", damaged [checksum] chunk 7: devstate explain checksum");
  EXPECT_EQ(CheckReplyText(0xd507000101234567u),
            "0xd507000101234567, refused field 19088743");
  EXPECT_EQ(CheckReplyText(CheckReplyValue(Verdict(), absl::InternalError(""))),
            "0xd500000000000000, the transfer failed");
}

TEST(CheckReplyTextTest, AnotherImplementationsAnswerIsANumber) {
  EXPECT_EQ(CheckReplyText(1), "0x1");
  EXPECT_EQ(CheckReplyText(0xd5ff000000000000u), "0xd5ff000000000000");
}

}  // namespace
}  // namespace devstate
