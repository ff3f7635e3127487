// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A generated reader, the gate before it and a check without a device refuse a
// value by the same rule and say the same of what is allowed, for bounds of
// every kind.

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/gate/stream_gate.h"
#include "devstate/compat/verdict.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "devstate/verdict.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "tests/codegen/bounds.devstate.h"
#include "tests/codegen/bounds_streams.h"

namespace devstate::test::bounds {
namespace {

using ::devstate::testing::StringSource;
using ::testing::HasSubstr;

const SchemaView& Schema() {
  return GeneratedSchema("devstate.test.bounds.Bounds");
}

Verdict ByReader(const std::string& stream) {
  StringSource source(stream);
  BoundsReader reader(&source);
  Nobody nobody;
  return JudgeLoad(Verdict(), reader.Read(nobody));
}

Verdict ByGateAndReader(const std::string& stream) {
  StringSource source(stream);
  BoundsReader reader(&source);
  StreamGate gate(Schema(), GateOptions());
  const auto load = [&]() -> absl::Status {
    DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
    DS_RETURN_IF_ERROR(gate.OnHeader(*header));
    reader.SetFilter(&gate);
    Nobody nobody;
    DS_RETURN_IF_ERROR(reader.Read(nobody));
    return gate.OnEnd();
  };
  const absl::Status status = load();
  return JudgeLoad(gate.verdict(), status);
}

Verdict ByCheck(const std::string& stream) {
  StringSource source(stream);
  bool upgrade = false;
  return CheckStream(&source, Schema(), GateOptions(), &upgrade);
}

struct Case {
  const char* field;
  std::string record;
  const char* path;
  const char* rule;
  const char* allowed;
};

void ExpectRefused(const Case& c) {
  const std::string stream = StreamOfRecords(c.field, {c.record});
  for (const Verdict& verdict : {ByReader(stream), ByGateAndReader(stream)}) {
    ASSERT_EQ(verdict.findings_size(), 1) << c.path << ": " << c.record;
    EXPECT_EQ(verdict.level(), VERDICT_LEVEL_REFUSED);
    EXPECT_EQ(verdict.findings(0).rule(), c.rule) << c.path;
    EXPECT_THAT(verdict.findings(0).text(),
                HasSubstr(absl::StrCat(c.path, ": ")));
    EXPECT_THAT(verdict.findings(0).text(),
                HasSubstr(absl::StrCat(", allowed is ", c.allowed, ": ")));
  }
  const Verdict checked = ByCheck(stream);
  ASSERT_EQ(checked.findings_size(), 1) << c.path << ": " << c.record;
  EXPECT_EQ(checked.level(), VERDICT_LEVEL_REFUSED);
  EXPECT_EQ(checked.findings(0).rule(), c.rule) << c.path;
  EXPECT_EQ(checked.findings(0).path(), c.path);
  EXPECT_EQ(checked.findings(0).read(), c.allowed) << c.path;
}

void ExpectLoads(const std::string& stream) {
  for (const Verdict& verdict :
       {ByReader(stream), ByGateAndReader(stream), ByCheck(stream)}) {
    EXPECT_LT(verdict.level(), VERDICT_LEVEL_REFUSED) << VerdictText(verdict);
  }
}

constexpr char kBounds[] = "value-out-of-bounds";
constexpr char kMissing[] = "required-missing";

TEST(BoundsAgreement, OnValuesThatAreNotAllowed) {
  const Case kCases[] = {
      {"numbers", "i32: -4", "numbers.i32", kBounds, "-3 to 4"},
      {"numbers", "i64: 9223372036854775807", "numbers.i64", kBounds,
       "-9223372036854775807 to 9223372036854775806"},
      {"numbers", "u32: 4294967295", "numbers.u32", kBounds,
       "at most 4294967294"},
      {"numbers", "u64: 9223372036854775808", "numbers.u64", kBounds,
       "at most 9223372036854775807"},
      {"numbers", "real: 16777218", "numbers.real", kBounds,
       "-16777217 to 16777217"},
      {"numbers", "real: nan", "numbers.real", kBounds,
       "-16777217 to 16777217"},
      {"numbers", "wide_real: -5e-324", "numbers.wide_real", kBounds,
       "at least 0"},
      {"numbers", "choice: -1", "numbers.choice", kBounds, "one of -2, 0, 3"},
      {"numbers", "far_choice: 1000000", "numbers.far_choice", kBounds,
       "one of -1000, 0"},
      {"numbers", "text: 'abcd'", "numbers.text", kBounds, "at most 3 bytes"},
      {"numbers", "data: '123456789'", "numbers.data", kBounds,
       "at most 8 bytes"},
      {"numbers", "secret: 6", "numbers.secret", kBounds, "at most 5"},
      {"identified", "", "identified.id", kBounds, "at least 1"},
      {"powers", "size: 6 wide: 1", "powers.size", kBounds,
       "a power of two and 2 to 8"},
      {"powers", "size: 2", "powers.wide", kBounds, "a power of two"},
      {"places", "part { id: 10 }", "places.part.id", kBounds, "1 to 9"},
      {"places", "outer { inner {} }", "places.outer.inner.id", kBounds,
       "1 to 9"},
      {"places", "list { id: 10 }", "places.list.id", kBounds, "1 to 9"},
      {"places", "by_name { key: 'a' value {} }", "places.by_name.value.id",
       kBounds, "1 to 9"},
      {"places", "number: 0", "places.number", kBounds, "1 to 9"},
      {"places", "word: 'abc'", "places.word", kBounds, "at most 2 bytes"},
      {"places", "maybe: 10", "places.maybe", kBounds, "1 to 9"},
      {"places", "many: [1, 0]", "places.many", kBounds, "1 to 9"},
      {"places", "many: [1, 1, 1, 1]", "places.many", kBounds,
       "at most 3 elements"},
      {"places", "few { key: 1 } few { key: 2 }", "places.few", kBounds,
       "at most 1 element"},
  };
  for (const Case& c : kCases) ExpectRefused(c);
}

TEST(BoundsAgreement, OnRequiredFieldsThatAreMissing) {
  const struct {
    const char* field;
    const char* allowed;
  } kCases[] = {
      {"number", "at least 1"},      {"offset", "other than 0"},
      {"real", "other than 0"},      {"flag", "other than 0"},
      {"color", "other than 0"},     {"text", "at least 1 byte"},
      {"data", "1 to 4 bytes"},      {"maybe", "1 value"},
      {"part", "1 value"},           {"list", "1 to 3 elements"},
      {"map", "at least 1 element"},
  };
  for (const auto& c : kCases) {
    Required record = CompleteRecord();
    record.GetReflection()->ClearField(
        &record, Required::descriptor()->FindFieldByName(c.field));
    const std::string path = absl::StrCat("required.", c.field);
    ExpectRefused({"required", MessageText(record), path.c_str(),
                   kMissing, c.allowed});
  }
}

TEST(BoundsAgreement, OnRequiredFieldsWithAnotherValueThanIsAllowed) {
  Required record = CompleteRecord();
  record.set_data("abcde");
  ExpectRefused({"required", MessageText(record), "required.data",
                 kBounds, "1 to 4 bytes"});
  record = CompleteRecord();
  for (int i = 0; i < 3; ++i) record.add_list(7);
  ExpectRefused({"required", MessageText(record), "required.list",
                 kBounds, "1 to 3 elements"});
}

TEST(BoundsAgreement, OnFeaturesThatAreNotUsed) {
  ExpectLoads(StreamOfRecords("gated", {"", ""}));
  ExpectLoads(
      StreamOfRecords("required", {MessageText(CompleteRecord())}));
}

TEST(BoundsAgreement, OnStatesFromBeforeAField) {
  ExpectRefused({"newer", "id: 1", "newer.limit", kMissing, "1 value"});
  ExpectLoads(StreamOfRecords("newer", {"id: 1"}, /*version=*/2));
}

}  // namespace
}  // namespace devstate::test::bounds
