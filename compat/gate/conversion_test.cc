// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/conversion.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/third_party/protobuf_compat/message_text.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::google::protobuf::DynamicMessageFactory;
using ::google::protobuf::Message;
using ::google::protobuf::TextFormat;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

// The root as the reader has it, in text, or the findings that refuse it as
// "! path rule"; ignorable fields that were dropped come first as "- path".
std::string Convert(const LoadedSchema& writer, const LoadedSchema& reader,
                    const std::string& text) {
  DynamicMessageFactory factory;
  std::unique_ptr<Message> written(factory.GetPrototype(&writer.root())->New());
  EXPECT_TRUE(TextFormat::ParseFromString(text, written.get())) << text;
  std::unique_ptr<Message> read(factory.GetPrototype(&reader.root())->New());
  StreamFindings findings;
  Mapping mapping(PairByVersion(writer.model(), reader.model()));
  Converter(&mapping).ConvertRoot(*written, read.get(), &findings);
  std::string result;
  for (const Finding& finding : findings.Sorted()) {
    EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
    if (finding.level() == VERDICT_LEVEL_LOSSY) {
      absl::StrAppend(&result, "- ", finding.path(), " ");
    } else {
      absl::StrAppend(&result, "! ", finding.path(), " ", finding.rule(), " ");
    }
  }
  if (findings.level() < VERDICT_LEVEL_REFUSED) {
    absl::StrAppend(&result, MessageText(*read));
  }
  return std::string(absl::StripSuffix(result, " "));
}

struct Case {
  const char* name;
  const char* old_body;
  const char* new_body;
  // A state of the old schema, and the new schema's; then the way back.
  const char* old_state;
  const char* upgraded;
  const char* new_state;
  const char* downgraded;
};

void CheckCases(absl::Span<const Case> cases) {
  for (const Case& test : cases) {
    const LoadedSchema older =
        testing::Parse(testing::SchemaText(1, test.old_body));
    const LoadedSchema newer =
        testing::Parse(testing::SchemaText(2, test.new_body));
    EXPECT_EQ(Convert(older, newer, test.old_state), test.upgraded)
        << test.name << ", upgrade";
    EXPECT_EQ(Convert(newer, older, test.new_state), test.downgraded)
        << test.name << ", downgrade";
  }
}

TEST(ConversionTest, FieldsThatOneSideLacks) {
  CheckCases({
      {"nothing", "uint32 a = 1;", "uint32 a = 1;", "a: 5", "a: 5", "", ""},
      {"critical field", "uint32 a = 1;", "uint32 a = 1; uint32 b = 2;", "a: 5",
       "a: 5", "a: 5 b: 6", "! b unknown-critical"},
      {"critical field that is not used", "uint32 a = 1;",
       "uint32 a = 1; optional uint32 b = 2;", "a: 5", "a: 5", "a: 5", "a: 5"},
      {"empty message", "", "M m = 1; message M { }", "", "", "m { }",
       "! m unknown-critical"},
      {"ignorable field", "uint32 a = 1;",
       "uint32 a = 1; uint32 b = 2 " F("ignorable: true") ";", "a: 5", "a: 5",
       "a: 5 b: 6", "- b a: 5"},
      {"default", "uint32 a = 1;",
       "uint32 a = 1; optional uint32 b = 2 " F(
           "since: 2 absent_default: \"7\"") ";",
       "a: 5", "a: 5 b: 7", "a: 5 b: 7", "! b unknown-critical"},
      {"default of a text", "",
       "optional string b = 2 " F("since: 2 absent_default: \"eth0\"") ";", "",
       "b: \"eth0\"", "", ""},
      {"default of an enum", "",
       "optional E b = 2 " F(
           "since: 2 absent_default: \"ON\"") "; enum E { NONE = 0; ON = 1; }",
       "", "b: ON", "", ""},
      {"default in a message that both have",
       "M m = 1; message M { uint32 x = 1; }",
       "M m = 1; message M { uint32 x = 1; optional bool y = 2 " F(
           "since: 2 absent_default: \"true\"") "; }",
       "m { x: 3 }", "m { x: 3 y: true }", "", ""},
      {"default of what is required now", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F(
           "required: true since: 2 absent_default: \"9\"") ";",
       "", "a: 9", "a: 4", "a: 4"},
      {"message split", "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; N n = 2; message M { reserved 2; uint32 x = 1; } message N { "
       "uint32 y = 1 " F("moved_from: \"m.y\"") "; }",
       "m { x: 1 y: 2 }", "m { x: 1 } n { y: 2 }", "m { x: 1 } n { y: 2 }",
       "m { x: 1 y: 2 }"},
      {"move out of a message that goes",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "uint32 x = 2 " F("moved_from: \"m.x\"") "; uint32 y = 3 " F(
           "moved_from: \"m.y\"") ";",
       "m { x: 1 y: 2 }", "x: 1 y: 2", "y: 2", "m { y: 2 }"},
      {"fallback", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;", "n: 5",
       "n: 5 w: 5", "n: 5 w: 5", "n: 5"},
      {"fallback that has lost its name", "uint32 n = 1;",
       "uint32 old_n = 1 " F(
           "renamed_from: \"n\" fallback_for: \"n\"") "; uint64 n = 2;",
       "n: 5", "old_n: 5 n: 5", "old_n: 5 n: 5", "n: 5"},
      {"name that a new field takes over", "uint32 a = 1;",
       "uint32 old_a = 1 " F("renamed_from: \"a\"") "; optional uint32 a = 2;",
       "a: 5", "old_a: 5", "old_a: 5", "a: 5"},
      {"field of a message that the writer has not any more",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; message M { uint32 x = 1; reserved 2; }", "m { x: 1 }",
       "m { x: 1 }", "m { x: 1 }", "! m.y lost-critical"},
      {"absent value with another default",
       "optional uint32 a = 1 " F("absent_default: \"5\"") ";",
       "optional uint32 a = 1 " F("absent_default: \"6\"") ";", "", "a: 5", "",
       "a: 6"},
      {"default of one side only", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("absent_default: \"5\"") ";", "",
       "! a absent-default-changed", "", "a: 5"},
      {"zero moves into a message where it is a value", "uint32 y = 2;",
       "M m = 3; message M { optional uint32 y = 1 " F(
           "moved_from: \"y\"") "; }",
       "", "m { y: 0 }", "m { y: 0 }", ""},
      {"fallback beyond the bounds of the narrower field",
       "uint32 n = 1 " F("max: 9") ";",
       "uint32 n = 1 " F("max: 9 fallback_for: \"w\"") "; uint64 w = 2;",
       "n: 5", "n: 5 w: 5", "w: 10", "! w fallback-field"},
      {"narrower field that goes",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;",
       "uint64 w = 2;", "n: 5 w: 5", "w: 5", "w: 4294967296", "w: 4294967296"},
      {"narrower field that goes and differs",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;",
       "uint64 w = 2;", "n: 5 w: 6", "! n fallback-field", "w: 5", "n: 5 w: 5"},
      {"fallback that does not fit", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;", "n: 0", "",
       "w: 4294967296", "! w value-may-not-fit"},
      {"fallback that differs", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;", "", "",
       "n: 5 w: 6", "! w fallback-field"},
  });
}

TEST(ConversionTest, TypesAndUnits) {
  CheckCases({
      {"wider", "uint32 a = 1;", "uint64 a = 1;", "a: 4294967295",
       "a: 4294967295", "a: 4294967296", "! a value-may-not-fit"},
      {"signed", "int32 a = 1;", "uint32 a = 1;", "a: -1",
       "! a value-may-not-fit", "a: 2147483647", "a: 2147483647"},
      {"bool", "bool a = 1;", "uint32 a = 1;", "a: true", "a: 1", "a: 2",
       "! a value-may-not-fit"},
      {"enum value", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }", "e: ON", "e: ON",
       "e: OFF", "! e enum-value-unknown"},
      {"renumbered enum value", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; OFF = 1; ON = 2 "
       "[(devstate.enum_value).renumbered_from = 1]; }",
       "e: ON", "e: ON", "e: OFF", "! e enum-value-unknown"},
      {"renumbered zero", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { UNSET = 0; ON = 1; NONE = 2 "
       "[(devstate.enum_value).renumbered_from = 0]; }",
       "", "e: NONE", "e: NONE", ""},
      {"text", "bytes a = 1;", "string a = 1;", "a: \"\\377\"", "! a not-utf8",
       "a: \"x\"", "a: \"x\""},
      {"finer unit", "uint32 a = 1 " F("unit: \"ms\"") ";",
       "uint64 a = 1 " F("unit: \"us\"") ";", "a: 4294967295",
       "a: 4294967295000", "a: 1500", "! a unit-scaled"},
      {"coarser unit", "int64 a = 1 " F("unit: \"bytes\"") ";",
       "int64 a = 1 " F("unit: \"KiB\"") ";", "a: -2048", "a: -2",
       "a: 9223372036854775807", "! a value-may-not-fit"},
      {"element", "repeated uint32 a = 1;", "repeated uint64 a = 1;",
       "a: 1 a: 2", "a: 1 a: 2", "a: 1 a: 4294967296", "! a value-may-not-fit"},
      {"value of a map", "map<string, uint32> a = 1;",
       "map<string, uint64> a = 1;", "a { key: \"k\" value: 1 }",
       "a { key: \"k\" value: 1 }", "a { key: \"k\" value: 4294967296 }",
       "! a.value value-may-not-fit"},
      {"sensitive value", "uint64 a = 1 " F("sensitive: true") ";",
       "uint32 a = 1;", "a: 4294967296", "! a value-may-not-fit", "", ""},
  });
}

TEST(ConversionTest, PresenceAndCardinality) {
  CheckCases({
      {"zero stays a value", "uint32 a = 1;", "optional uint32 a = 1;", "a: 0",
       "a: 0", "a: 0", ""},
      {"absent is no zero", "uint32 a = 1;", "optional uint32 a = 1;", "a: 3",
       "a: 3", "", "! a presence-changed"},
      {"repeated", "optional string a = 1;", "repeated string a = 1;",
       "a: \"x\"", "a: \"x\"", "a: \"x\" a: \"y\"", "! a cardinality-changed"},
      {"repeated, absent", "optional string a = 1;", "repeated string a = 1;",
       "", "", "a: \"x\"", "a: \"x\""},
      {"packed", "optional uint32 a = 1;", "repeated uint32 a = 1;", "a: 0",
       "a: 0", "a: 1", "! a cardinality-changed"},
      {"zero to repeated", "uint32 a = 1;", "repeated uint32 a = 1;", "a: 0",
       "! a cardinality-changed", "", "! a cardinality-changed"},
      {"oneof", "uint32 x = 1; uint32 y = 2;",
       "oneof o { uint32 x = 1; uint32 y = 2; }", "x: 1 y: 2",
       "! o oneof-joined", "y: 2", "! x presence-changed"},
      {"feature", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("feature: \"RSS\"") ";", "a: 1",
       "! a feature-changed", "a: 1", "a: 1"},
  });
}

TEST(ConversionTest, RecordsMoveWithinThemselves) {
  const LoadedSchema older = testing::Parse(testing::SchemaText(
      1, "repeated R r = 1; message R { uint32 a = 1; uint32 b = 2; }"));
  const LoadedSchema newer = testing::Parse(testing::SchemaText(
      2,
      "repeated R r = 1; message R { reserved 2; uint32 a = 1; M m = 3; } "
      "message M { uint32 b = 1 " F("moved_from: \"r.b\"") "; }"));
  DynamicMessageFactory factory;
  const FieldModel& field = older.model().root->fields[0];
  std::unique_ptr<Message> written(
      factory.GetPrototype(older.root().field(0)->message_type())->New());
  std::unique_ptr<Message> read(
      factory.GetPrototype(newer.root().field(0)->message_type())->New());
  ASSERT_TRUE(TextFormat::ParseFromString("a: 1 b: 2", written.get()));
  StreamFindings findings;
  Mapping mapping(PairByVersion(older.model(), newer.model()));
  Converter converter(&mapping);
  EXPECT_FALSE(converter.PassesUnchanged(field));
  converter.ConvertRecord(field, *written, read.get(), &findings);
  EXPECT_EQ(findings.level(), VERDICT_LEVEL_UNSPECIFIED);
  EXPECT_EQ(MessageText(*read), "a: 1 m { b: 2 }");
}

// Not from the record that the elements are in.
TEST(ConversionTest, ElementsMoveWithinThemselves) {
  const LoadedSchema older = testing::Parse(testing::SchemaText(
      1, testing::InRecord("repeated I i = 1; message I { uint32 x = 1; uint32 "
                           "y = 2; }")));
  const LoadedSchema newer = testing::Parse(testing::SchemaText(
      2, testing::InRecord("repeated I i = 1; message I { reserved 2; uint32 x "
                           "= 1; M m = 3; } message M { uint32 y = 1 " F(
                               "moved_from: \"r.i.y\"") "; }")));
  DynamicMessageFactory factory;
  std::unique_ptr<Message> written(
      factory.GetPrototype(older.root().field(0)->message_type())->New());
  std::unique_ptr<Message> read(
      factory.GetPrototype(newer.root().field(0)->message_type())->New());
  ASSERT_TRUE(TextFormat::ParseFromString("i { x: 1 y: 2 } i { y: 3 } i { }",
                                          written.get()));
  StreamFindings findings;
  Mapping mapping(PairByVersion(older.model(), newer.model()));
  Converter(&mapping).ConvertRecord(older.model().root->fields[0], *written,
                                    read.get(), &findings);
  EXPECT_EQ(findings.level(), VERDICT_LEVEL_UNSPECIFIED);
  EXPECT_EQ(MessageText(*read),
            "i { x: 1 m { y: 2 } } i { m { y: 3 } } i { }");
}

TEST(ConversionTest, BatchesPassUnchangedExactlyIfColumnsAreTheSame) {
  const struct {
    const char* older;
    const char* newer;
    bool upgrade;
    bool downgrade;
  } kCases[] = {
      {"uint32 a = 1;", "uint32 a = 1; optional uint32 b = 2;", true, true},
      {"uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";", true,
       true},
      {"uint32 a = 1;", "uint64 a = 1;", false, false},
      {"uint32 a = 1;", "optional uint32 a = 1;", false, false},
      {"uint32 a = 1;",
       "uint32 a = 1; optional uint32 b = 2 " F("absent_default: \"1\"") ";",
       false, true},
      {"E e = 1; enum E { NONE = 0; }", "E e = 1; enum E { NONE = 0; ON = 1; }",
       true, false},
      {"N n = 1; message N { N next = 1; }",
       "N n = 1; message N { N next = 1; uint32 x = 2; }", true, true},
      {"M m = 1; message M { uint32 x = 1; }",
       "M m = 1; message M { int32 x = 1; }", false, false},
  };
  for (const auto& test : kCases) {
    const LoadedSchema older =
        testing::Parse(testing::SchemaText(1, testing::InRecord(test.older)));
    const LoadedSchema newer =
        testing::Parse(testing::SchemaText(2, testing::InRecord(test.newer)));
    Mapping up(PairByVersion(older.model(), newer.model()));
    EXPECT_EQ(Converter(&up).PassesUnchanged(older.model().root->fields[0]),
              test.upgrade)
        << test.newer;
    Mapping down(PairByVersion(newer.model(), older.model()));
    EXPECT_EQ(Converter(&down).PassesUnchanged(newer.model().root->fields[0]),
              test.downgrade)
        << test.newer;
  }
}

}  // namespace
}  // namespace devstate
