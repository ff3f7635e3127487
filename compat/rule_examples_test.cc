// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Each rule about schemas has a change that it finds and a neighbour of it that
// it leaves alone.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/release/lint.h"
#include "devstate/compat/rules.h"
#include "devstate/schema/lineage.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::InRecord;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"
#define TOMBSTONE(more)                                                  \
  "option (devstate.message).tombstone = { number: 1 name: \"a\" type: " \
  "\"uint32\" " more " };"

// The bodies of successive versions of a schema, of which the last is new. A
// body may begin with "VERSION n;", "DEVICE name;" or "MIN_READER n;".
using Versions = std::vector<std::string>;

struct Example {
  // The rule finds it.
  Versions found;
  // It does not.
  Versions neighbour;
};

LoadedSchema ParseVersion(const Versions& versions, size_t index) {
  std::string body = versions[index];
  std::string version = absl::StrCat(index + 1);
  std::string device = "d";
  std::string min_reader = "0";
  const auto take = [&body](const std::string& word, std::string* value) {
    if (!absl::StartsWith(body, word + " ")) return;
    const size_t end = body.find(';');
    *value = body.substr(word.size() + 1, end - word.size() - 1);
    body.erase(0, end + 1);
  };
  take("VERSION", &version);
  take("DEVICE", &device);
  take("MIN_READER", &min_reader);
  return Parse(absl::StrReplaceAll(
      SchemaText(0, body),
      {{"version: 0",
        absl::StrCat("version: ", version, " min_reader: ", min_reader)},
       {"device: \"d\"", absl::StrCat("device: \"", device, "\"")}}));
}

// The rules that comparison of the first with the last version, in both
// directions, and lint of the last one find.
std::set<std::string> RulesFound(const Versions& versions) {
  std::vector<LoadedSchema> schemas;
  for (size_t i = 0; i < versions.size(); ++i) {
    schemas.push_back(ParseVersion(versions, i));
  }
  std::vector<const SchemaModel*> models;
  for (const LoadedSchema& schema : schemas) models.push_back(&schema.model());
  std::set<std::string> rules;
  const Lineage all(models, "t");
  for (const Direction direction :
       {Direction::kUpgrade, Direction::kDowngrade}) {
    for (const Finding& finding :
         CompareSchemas(*models.front(), *models.back(), direction, &all)
             .findings) {
      rules.insert(finding.rule());
    }
  }
  models.pop_back();
  const Lineage released(models, "t");
  for (const Finding& finding : LintSchema(schemas.back(), &released)) {
    rules.insert(finding.rule());
  }
  return rules;
}

std::string Nested(int depth, const std::string& innermost) {
  std::string body = "M0 m = 1;";
  for (int i = 0; i < depth; ++i) {
    absl::StrAppend(&body, "message M", i, " { M", i + 1, " a = 1; }");
  }
  return absl::StrCat(body, "message M", depth, " {", innermost, "}");
}

// As many fields, all of one type.
std::string Fields(int count, const std::string& type) {
  std::string body;
  for (int i = 1; i <= count; ++i) {
    absl::StrAppend(&body, type, " f", i, " = ", i < 19000 ? i : i + 1000, ";");
  }
  return body;
}

const std::map<std::string, Example>& Examples() {
  static const auto& examples = *new std::map<std::string, Example>{
      // --- Load ---
      {"wrong-device", {{"", "DEVICE e;"}, {"", ""}}},
      {"too-new", {{"", "MIN_READER 2;"}, {"", "MIN_READER 1;"}}},
      {"unknown-critical",
       {{"", "optional uint32 a = 1;"},
        {"", "optional uint32 a = 1 " F("ignorable: true") ";"}}},
      {"removed-critical",
       {{"uint32 a = 1;", ""},
        {"uint32 a = 1 " F("ignorable: true") ";",
         TOMBSTONE("ignorable: true last_written: 1")}}},
      {"lost-critical",
       {{"uint32 a = 1;", TOMBSTONE("last_written: 1")},
        {"uint32 a = 1;", TOMBSTONE("last_written: 1 write_until: 1")}}},
      {"ignorable-dropped",
       {{"", "uint32 a = 1 " F("ignorable: true") ";"}, {"", "uint32 a = 1;"}}},
      {"no-longer-written",
       {{"uint32 a = 1;", "uint32 a = 1 " F("write_until: 1") ";"},
        {"uint32 a = 1;", "uint32 a = 1 " F("write_until: 2") ";"}}},
      {"field-defaulted",
       {{"", "uint32 a = 1;"}, {"", "optional uint32 a = 1;"}}},
      {"field-absent", {{"", "optional uint32 a = 1;"}, {"", "uint32 a = 1;"}}},
      {"required-missing",
       {{"", "uint32 a = 1 " F("required: true") ";"},
        {"", "optional uint32 a = 1 " F(
                 "required: true since: 2 absent_default: \"7\"") ";"}}},
      {"default-out-of-bounds",
       {{"", "uint32 a = 1 " F("min: 1") ";"},
        {"", "optional uint32 a = 1 " F("min: 1") ";"}}},
      {"field-renamed",
       {{"uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";"},
        {"uint32 a = 1;", "uint32 b = 1;"}}},
      {"another-field",
       {{"uint32 a = 1;", "uint32 b = 1;"},
        {"uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";"}}},
      {"numbers-swapped",
       {{"uint32 a = 1; uint32 b = 2;", "uint32 b = 1; uint32 a = 2;"},
        {"uint32 a = 1; uint32 b = 2;", "uint32 a = 1; uint32 c = 2;"}}},
      {"field-renumbered",
       {{"uint32 a = 1;", "uint32 a = 5;"},
        {"uint32 a = 1;",
         TOMBSTONE("last_written: 1") "optional uint64 a = 5;"}}},
      {"number-reused",
       {{"uint32 a = 1;", "", "uint32 a = 1;"},
        {"uint32 a = 1;", "uint32 a = 1;", "uint32 a = 1;"}}},
      {"field-moved",
       {{"uint32 y = 2;",
         "M m = 3; message M { uint32 y = 1 " F("moved_from: \"y\"") "; }"},
        {"uint32 y = 2;", "M m = 3; message M { uint32 y = 1; }"}}},
      {"fallback-field",
       {{"uint32 n = 1;",
         "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;"},
        {"uint32 n = 1;", "uint32 n = 1; uint64 w = 2;"}}},
      {"type-widened",
       {{"uint32 a = 1;", "uint64 a = 1;"},
        {"uint32 a = 1;", "fixed32 a = 1;"}}},
      {"value-may-not-fit",
       {{"uint64 a = 1;", "uint32 a = 1;"},
        {"uint64 a = 1 " F("max: 9") ";", "uint32 a = 1 " F("max: 9") ";"}}},
      {"wire-type-changed",
       {{"int32 a = 1;", "sint32 a = 1;"},
        {InRecord("int32 a = 1;"), InRecord("sint32 a = 1;")}}},
      {"not-utf8",
       {{"bytes a = 1;", "string a = 1;"},
        {"bytes a = 1;", "bytes a = 1 " F("max_len: 5") ";"}}},
      {"presence-changed",
       {{"uint32 a = 1;", "optional uint32 a = 1;"},
        {"optional uint32 a = 1;", "oneof k { uint32 a = 1; }"}}},
      {"cardinality-changed",
       {{"uint32 a = 1;", "repeated uint32 a = 1;"},
        {"uint32 a = 1;", "optional uint32 a = 1;"}}},
      {"map-keys-repeated",
       {{InRecord("map<uint32, uint32> a = 1;"),
         InRecord("repeated E a = 1; message E { uint32 key = 1; uint32 value "
                  "= 2; }")},
        {InRecord("map<uint32, uint32> a = 1;"),
         InRecord("map<uint32, uint64> a = 1;")}}},
      {"oneof-joined",
       {{"optional uint32 a = 1; optional uint32 b = 2;",
         "oneof k { uint32 a = 1; uint32 b = 2; }"},
        {"oneof k { uint32 a = 1; uint32 b = 2; }",
         "oneof l { uint32 a = 1; uint32 b = 2; }"}}},
      {"oneof-split",
       {{"oneof k { uint32 a = 1; uint32 b = 2; }",
         "optional uint32 a = 1; optional uint32 b = 2;"},
        {"oneof k { uint32 a = 1; }", "optional uint32 a = 1;"}}},
      {"bound-narrowed",
       {{"uint32 a = 1 " F("max: 9") ";", "uint32 a = 1 " F("max: 8") ";"},
        {"bool a = 1;", "bool a = 1;"}}},
      {"bound-widened",
       {{"uint32 a = 1 " F("max: 8") ";", "uint32 a = 1 " F("max: 9") ";"},
        {"uint32 a = 1 " F("max: 8") ";",
         "uint32 a = 1 " F("max: 8 sensitive: true") ";"}}},
      {"unit-changed",
       {{"uint32 a = 1 " F("unit: \"bytes\"") ";",
         "uint32 a = 1 " F("unit: \"pages\"") ";"},
        {"uint32 a = 1;", "uint32 a = 1 " F("unit: \"us\"") ";"}}},
      {"unit-scaled",
       {{"uint32 a = 1 " F("unit: \"ms\"") ";",
         "uint32 a = 1 " F("unit: \"us\"") ";"},
        {"uint32 a = 1 " F("unit: \"bytes\"") ";",
         "uint32 a = 1 " F("unit: \"pages\"") ";"}}},
      {"encoding-changed",
       {{"bytes a = 1 " F("encoding: \"be32\"") ";",
         "bytes a = 1 " F("encoding: \"le32\"") ";"},
        {"bytes a = 1 " F("encoding: \"be32\"") ";",
         "bytes a = 1 " F("encoding: \"be32\" max_len: 4") ";"}}},
      {"meaning-changed",
       {{"uint32 a = 1;", "uint32 a = 1 " F("meaning_rev: 1") ";"},
        {"uint32 a = 1 " F("meaning_rev: 1") ";",
         "uint64 a = 1 " F("meaning_rev: 1") ";"}}},
      {"absent-default-changed",
       {{"optional uint32 a = 1 " F("absent_default: \"5\"") ";",
         "optional uint32 a = 1 " F("absent_default: \"6\"") ";"},
        {"optional uint32 a = 1 " F("absent_default: \"5\"") ";",
         "optional uint64 a = 1 " F("absent_default: \"5\"") ";"}}},
      {"feature-changed",
       {{"optional uint32 a = 1;",
         "optional uint32 a = 1 " F("feature: \"RSS\"") ";"},
        {"", "optional uint32 a = 1 " F("feature: \"RSS\"") ";"}}},
      {"owner-changed",
       {{"uint32 a = 1 " F("owner: \"x\"") ";",
         "uint32 a = 1 " F("owner: \"y\"") ";"},
        {"", "uint32 a = 1 " F("owner: \"x\"") ";"}}},
      {"annotation-changed",
       {{"uint32 a = 1 " F("ignorable: true") ";", "uint32 a = 1;"},
        {"uint32 a = 1 " F("sensitive: true") ";", "uint32 a = 1;"}}},
      {"enum-value-unknown",
       {{"E e = 1; enum E { NONE = 0; }",
         "E e = 1; enum E { NONE = 0; ON = 1; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; OFF = 1; }"}}},
      {"enum-value-renamed",
       {{"E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
         "E e = 1; enum E { NONE = 0; ON = 1; HALTED = 2; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
         "F e = 1; enum F { NONE = 0; ON = 1; OFF = 2; }"}}},
      {"enum-value-renumbered",
       {{"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 3; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 1; OFF = 3; }"}}},
      {"enum-replaced",
       {{"E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
         "E e = 1; enum E { NONE = 0; RED = 1; BLUE = 2; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
         "E e = 1; enum E { NONE = 0; ON = 1; BLUE = 2; }"}}},
      {"enum-value-reused",
       {{"E e = 1; enum E { NONE = 0; A = 1; }",
         "E e = 1; enum E { NONE = 0; }",
         "E e = 1; enum E { NONE = 0; A = 1; }"},
        {"E e = 1; enum E { NONE = 0; }", "E e = 1; enum E { NONE = 0; }",
         "E e = 1; enum E { NONE = 0; A = 1; }"}}},
      {"nesting-too-deep",
       {{Nested(150, ""), Nested(150, "")}, {Nested(90, ""), Nested(90, "")}}},
      {"too-many-findings",
       {{Fields(10100, "uint32"), Fields(10100, "string")},
        {Fields(100, "uint32"), Fields(100, "string")}}},
      // --- Lint ---
      {"since-missing",
       {{"", "uint32 a = 1;"}, {"", "uint32 a = 1 " F("since: 2") ";"}}},
      {"since-wrong",
       {{"", "uint32 a = 1 " F("since: 1") ";"},
        {"", "uint32 a = 1 " F("since: 2") ";"}}},
      {"enum-value-since-missing",
       {{"E e = 1; enum E { NONE = 0; }",
         "E e = 1; enum E { NONE = 0; ON = 1; }"},
        {"E e = 1; enum E { NONE = 0; }",
         "E e = 1; enum E { NONE = 0; ON = 1 [(devstate.enum_value).since = "
         "2]; "
         "}"}}},
      {"removed-without-tombstone",
       {{"uint32 a = 1;", "reserved 1;"},
        {"uint32 a = 1;", TOMBSTONE("last_written: 1")}}},
      {"removed-while-written",
       {{"uint32 a = 1;", TOMBSTONE("last_written: 1")},
        {"optional uint32 a = 1;", TOMBSTONE("last_written: 1")}}},
      {"undeclared-renumbering",
       {{"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 3; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 3 [(devstate.enum_value)"
         ".renumbered_from = 1]; }"}}},
      {"renumbered-from-wrong",
       {{"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 3 [(devstate.enum_value) = { "
         "renumbered_from: [ 1, 2 ] }]; }"},
        {"E e = 1; enum E { NONE = 0; ON = 1; }",
         "E e = 1; enum E { NONE = 0; ON = 3 [(devstate.enum_value)"
         ".renumbered_from = 1]; }"}}},
      {"tombstone-changed",
       {{TOMBSTONE("last_written: 1"), ""},
        {TOMBSTONE("last_written: 1"), TOMBSTONE("last_written: 1")}}},
      {"reused-number",
       {{"reserved 1;", "uint32 a = 1 " F("since: 2") ";"},
        {"reserved 2;", "reserved 2; uint32 a = 1 " F("since: 2") ";"}}},
      {"undeclared-rename",
       {{"uint32 a = 1;", "uint32 b = 1;"},
        {"uint32 a = 1;", "uint32 b = 1 " F("renamed_from: \"a\"") ";"}}},
      {"unit-renamed",
       {{"uint32 t_ms = 1;",
         "uint32 t_us = 1 " F("renamed_from: \"t_ms\"") ";"},
        {"uint32 t_ms = 1;",
         "uint32 w_ms = 1 " F("renamed_from: \"t_ms\"") ";"}}},
      {"unit-annotation-changed",
       {{"uint32 a = 1 " F("unit: \"ms\"") ";",
         "uint32 a = 1 " F("unit: \"us\"") ";"},
        {"uint32 a = 1;", "uint32 a = 1 " F("unit: \"us\"") ";"}}},
      {"default-without-presence",
       {{"uint32 a = 1 " F("absent_default: \"5\"") ";"},
        {"optional uint32 a = 1 " F("absent_default: \"5\"") ";"}}},
      {"released-default-changed",
       {{"optional uint32 a = 1 " F("absent_default: \"5\"") ";",
         "optional uint32 a = 1 " F("absent_default: \"6\"") ";"},
        {"optional uint32 a = 1 " F("absent_default: \"5\"") ";",
         "optional uint32 a = 1 " F("absent_default: \"5\" max: 9") ";"}}},
      {"required-without-default",
       {{"", "uint64 a = 1 " F("required: true since: 2") ";"},
        {"", "optional uint64 a = 1 " F(
                 "required: true since: 2 absent_default: \"1\"") ";"}}},
      {"same-version-other-fingerprint",
       {{"VERSION 1;", "VERSION 1;uint32 a = 1;", ""},
        {"VERSION 1;", "VERSION 1;", ""}}},
      {"version-not-grown",
       {{"VERSION 1;", "VERSION 1;uint32 a = 1;"},
        {"VERSION 1;", "VERSION 1;"}}},
      {"version-went-backwards",
       {{"VERSION 3;", "VERSION 2;"}, {"VERSION 2;", "VERSION 3;"}}},
      {"owner-conflict",
       {{"uint32 a = 1 " F("owner: \"x\"") ";",
         "uint32 a = 1 " F("owner: \"y\"") ";"},
        {"uint32 a = 1 " F("owner: \"x\"") ";",
         "uint64 a = 1 " F("owner: \"x\"") ";"}}},
      {"enum-zero-not-neutral",
       {{"E e = 1; enum E { RUNNING = 0; }"},
        {"E e = 1; enum E { NONE = 0; RUNNING = 1; }"}}},
      {"float-without-meaning-rev",
       {{"double a = 1;"}, {"double a = 1 " F("meaning_rev: 1") ";"}}},
      {"critical-map-value",
       {{"map<string, M> m = 1; message M { uint32 a = 1; }"},
        {"map<string, M> m = 1; message M { uint32 a = 1 " F(
            "ignorable: true") "; }"}}},
      {"schema-without-code",
       {{"repeated N nodes = 1; message N { N next = 1; }"},
        {"repeated N nodes = 1; message N { uint32 next = 1; }"}}},
      {"invalid-annotation",
       {{"string a = 1 " F("max: 5") ";"},
        {"string a = 1 " F("max_len: 5") ";"}}},
  };
  return examples;
}

// Rules that no pair of such schemas can break, and the tests that have them.
const std::map<std::string, std::string>& TestedElsewhere() {
  static const auto& elsewhere = *new std::map<std::string, std::string>{
      {"wrong-schema", "diff_test, load_gate_test"},
      {"saved-as-older", "judge_manifests_test"},
      {"no-common-form", "judge_manifests_test"},
      {"value-out-of-bounds", "stream_gate_test, bounds_test"},
      {"writer-schema-unknown", "stream_gate_test"},
      {"writer-schema-invalid", "stream_gate_test"},
      {"duplicate-field", "stream_gate_test"},
      {"duplicate-map-key", "stream_gate_test"},
      {"not-unique", "stream_gate_test"},
      {"pieces-not-whole", "stream_gate_test, pieces_test"},
      {"quirk-refused", "stream_gate_test"},
      {"quirk-fixed", "stream_gate_test"},
      {"step-refused", "stream_gate_test"},
      {"policy", "stream_gate_test"},
      {"device-refused", "load_gate_test"},
      {"not-a-stream", "load_gate_test"},
      {"no-trailer", "load_gate_test"},
      {"checksum", "load_gate_test"},
      {"trailing-bytes", "load_gate_test"},
      {"limit", "load_gate_test"},
      {"malformed", "load_gate_test"},
      {"waiver-unused", "lint_test"},
      {"waiver-expired", "lint_test"},
  };
  return elsewhere;
}

TEST(RuleExamplesTest, EveryRuleHasItsExamples) {
  for (const Rule* rule : AllRules()) {
    // Not about schemas: the tests of the format have them.
    if (rule->family == RuleFamily::kForeign) continue;
    const std::string id(rule->id);
    EXPECT_EQ(Examples().count(id) + TestedElsewhere().count(id), 1u)
        << id << ": give it a change that it finds and one that it does not";
  }
  for (const auto& [id, example] : Examples()) {
    EXPECT_NE(FindRule(id), nullptr) << id;
  }
}

TEST(RuleExamplesTest, RuleFindsItsChange) {
  for (const auto& [id, example] : Examples()) {
    const std::set<std::string> rules = RulesFound(example.found);
    EXPECT_EQ(rules.count(id), 1u) << id << ": " << absl::StrJoin(rules, ", ");
  }
}

TEST(RuleExamplesTest, RuleLeavesItsNeighbourAlone) {
  for (const auto& [id, example] : Examples()) {
    const std::set<std::string> rules = RulesFound(example.neighbour);
    EXPECT_EQ(rules.count(id), 0u) << id << ": " << absl::StrJoin(rules, ", ");
  }
}

}  // namespace
}  // namespace devstate
