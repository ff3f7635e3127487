// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "compat/diff_testing.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Change;
using ::devstate::testing::CheckChange;
using ::devstate::testing::InRecord;
using ::devstate::testing::SchemaText;

#define F(annotations) "[(devstate.field) = { " annotations " }]"

TEST(FieldDiffTest, Types) {
  const Change kChanges[] = {
      {"uint32 to uint64", "uint32 a = 1;", "uint64 a = 1;",
       "compatible type-widened",
       "conditional value-may-not-fit: field 1 (a) is at most 4294967295"},
      {"uint32 to uint64, bounded", "uint32 a = 1;",
       "uint64 a = 1 " F("max: 100") ";",
       "conditional bound-narrowed,type-widened: field 1 (a) is at most 100",
       "compatible type-widened"},
      {"int32 to int64", "int32 a = 1;", "int64 a = 1;",
       "compatible type-widened",
       "conditional value-may-not-fit: field 1 (a) is from -2147483648 to "
       "2147483647"},
      {"int32 to uint32", "int32 a = 1;", "uint32 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at least 0",
       "conditional value-may-not-fit: field 1 (a) is at most 2147483647"},
      {"uint32 to int64", "uint32 a = 1;", "int64 a = 1;",
       "compatible type-widened",
       "conditional value-may-not-fit: field 1 (a) is from 0 to 4294967295"},
      {"uint64 to int64", "uint64 a = 1;", "int64 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at most "
       "9223372036854775807",
       "conditional value-may-not-fit: field 1 (a) is at least 0"},
      {"uint32 to sint32", "uint32 a = 1;", "sint32 a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"int32 to sint32", "int32 a = 1;", "sint32 a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"uint32 to fixed32", "uint32 a = 1;", "fixed32 a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"fixed32 to sfixed32", "fixed32 a = 1;", "sfixed32 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at most 2147483647",
       "conditional value-may-not-fit: field 1 (a) is at least 0"},
      {"fixed32 to float", "fixed32 a = 1;", "float a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"float to double", "float a = 1;", "double a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"bool to uint32", "bool a = 1;", "uint32 a = 1;",
       "converted type-widened",
       "conditional value-may-not-fit: field 1 (a) is one of 0, 1"},
      {"enum to int32", "E a = 1; enum E { NONE = 0; ON = 1; }", "int32 a = 1;",
       "converted type-widened",
       "conditional value-may-not-fit: field 1 (a) is one of 0, 1"},
      {"string to bytes", "string a = 1;", "bytes a = 1;",
       "converted type-widened",
       "conditional not-utf8: field 1 (a) is valid UTF-8"},
      {"string to message", "string a = 1;", "M a = 1; message M {}",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"uint32 to string", "uint32 a = 1;", "string a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"type of a map's value", "map<string, uint64> a = 1;",
       "map<string, uint32> a = 1;",
       "conditional value-may-not-fit: field 2 (value) is at most 4294967295 "
       "in every entry of a",
       "compatible type-widened"},
      {"type of a map's key", "map<uint32, bool> a = 1;",
       "map<string, bool> a = 1;", "refused wire-type-changed",
       "refused wire-type-changed"},
      {"other message", "M a = 1; message M { uint32 x = 1; }",
       "N a = 1; message N { uint32 y = 1; }", "refused another-field",
       "refused another-field"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(FieldDiffTest, TypesInColumns) {
  const Change kChanges[] = {
      {"uint64 to uint32", "uint64 a = 1;", "uint32 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at most 4294967295 in "
       "every R",
       "compatible type-widened"},
      {"uint32 to fixed32", "uint32 a = 1;", "fixed32 a = 1;",
       "compatible type-widened", "compatible type-widened"},
      {"int32 to sint32", "int32 a = 1;", "sint32 a = 1;",
       "compatible type-widened", "compatible type-widened"},
      {"int32 to uint32", "int32 a = 1;", "uint32 a = 1;",
       "conditional column-kind-changed: field 1 (a) is absent or zero in "
       "every R",
       "conditional column-kind-changed: field 1 (a) is absent or zero in "
       "every R"},
      {"uint32 to sint32", "uint32 a = 1;", "sint32 a = 1;",
       "refused wire-type-changed", "refused wire-type-changed"},
      {"string to bytes", "string a = 1;", "bytes a = 1;",
       "conditional column-kind-changed: field 1 (a) is absent or empty in "
       "every R",
       "conditional column-kind-changed: field 1 (a) is absent or empty in "
       "every R"},
      {"optional to repeated", "optional uint32 a = 1;",
       "repeated uint32 a = 1;", "converted cardinality-changed",
       "conditional cardinality-changed: field 1 (a) has at most one element "
       "in every R"},
      {"to optional", "uint32 a = 1;", "optional uint32 a = 1;",
       "conditional presence-changed: field 1 (a) is absent or zero in every R",
       "refused presence-changed"},
      {"to repeated", "uint32 a = 1;", "repeated uint32 a = 1;",
       "refused cardinality-changed", "refused cardinality-changed"},
      {"map to repeated entries", "map<uint32, uint32> a = 1;",
       "repeated E a = 1; message E { uint32 key = 1; uint32 value = 2; }",
       "converted cardinality-changed",
       "conditional map-keys-repeated: field 1 (a) has no two elements of one "
       "key in every R"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, InRecord(change.old_body)),
                SchemaText(2, InRecord(change.new_body)), change.upgrade,
                change.downgrade);
  }
}

TEST(FieldDiffTest, PresenceAndCardinality) {
  const Change kChanges[] = {
      {"to optional", "uint32 a = 1;", "optional uint32 a = 1;",
       "converted presence-changed",
       "conditional presence-changed: field 1 (a) is present"},
      {"optional to repeated", "optional uint32 a = 1;",
       "repeated uint32 a = 1;", "converted cardinality-changed",
       "conditional cardinality-changed: field 1 (a) has no element"},
      {"optional to repeated text", "optional string a = 1;",
       "repeated string a = 1;", "converted cardinality-changed",
       "conditional cardinality-changed: field 1 (a) has at most one element"},
      {"to repeated", "uint32 a = 1;", "repeated uint32 a = 1;",
       "conditional cardinality-changed: field 1 (a) is not zero",
       "refused cardinality-changed"},
      {"message to repeated message", "M a = 1; message M { uint32 x = 1; }",
       "repeated M a = 1; message M { uint32 x = 1; }",
       "refused cardinality-changed", "refused cardinality-changed"},
      {"map to repeated at the root", "map<uint32, uint32> a = 1;",
       "repeated E a = 1; message E { uint32 key = 1; uint32 value = 2; }",
       "refused cardinality-changed", "refused cardinality-changed"},
      {"map to single", "map<uint32, M> a = 1; message M {}",
       "M a = 1; message M {}", "refused cardinality-changed",
       "refused cardinality-changed"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(FieldDiffTest, Bounds) {
  const Change kChanges[] = {
      {"max", "uint32 a = 1 " F("max: 1024") ";",
       "uint32 a = 1 " F("max: 256") ";",
       "conditional bound-narrowed: field 1 (a) is at most 256",
       "compatible bound-widened"},
      {"min", "int32 a = 1;", "int32 a = 1 " F("min: -5") ";",
       "conditional bound-narrowed: field 1 (a) is at least -5",
       "compatible bound-widened"},
      {"of an optional field", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("min: 3 max: 9") ";",
       "conditional bound-narrowed: field 1 (a), if present, is from 3 to 9",
       "compatible bound-widened"},
      {"of elements", "repeated uint32 a = 1;",
       "repeated uint32 a = 1 " F("max: 9") ";",
       "conditional bound-narrowed: each element of field 1 (a) is at most 9",
       "compatible bound-widened"},
      {"power_of_two", "uint32 a = 1;",
       "uint32 a = 1 " F("power_of_two: true") ";",
       "conditional bound-narrowed: field 1 (a) is a power of two",
       "compatible bound-widened"},
      {"one_of", "uint32 a = 1 " F("one_of: [ 512, 4096 ]") ";",
       "uint32 a = 1 " F("one_of: [ 512 ]") ";",
       "conditional bound-narrowed: field 1 (a) is not 4096",
       "compatible bound-widened"},
      {"one_of within power_of_two",
       "uint32 a = 1 " F("one_of: [ 512, 4096 ]") ";",
       "uint32 a = 1 " F("power_of_two: true max: 65536") ";",
       "compatible bound-widened",
       "conditional bound-narrowed: field 1 (a) is one of 512, 4096"},
      {"no value in common", "uint32 a = 1 " F("min: 1 max: 5") ";",
       "uint32 a = 1 " F("min: 10") ";", "refused bound-narrowed",
       "refused bound-narrowed"},
      {"max_len", "bytes a = 1;", "bytes a = 1 " F("max_len: 8") ";",
       "conditional bound-narrowed: field 1 (a) has at most 8 bytes",
       "compatible bound-widened"},
      {"max_items", "repeated uint32 a = 1 " F("max_items: 8") ";",
       "repeated uint32 a = 1 " F("max_items: 4") ";",
       "conditional bound-narrowed: field 1 (a) has at most 4 elements",
       "compatible bound-widened"},
      {"unique_by", "repeated M a = 1; message M { uint32 x = 1; }",
       "repeated M a = 1 " F("unique_by: \"x\"") "; message M { uint32 x = 1; "
                                                 "}",
       "conditional bound-narrowed: field 1 (a) has no two elements with the "
       "same x",
       "compatible bound-widened"},
      {"narrower type within the bounds", "uint64 a = 1 " F("max: 100") ";",
       "uint32 a = 1 " F("max: 100") ";", "compatible type-widened",
       "compatible type-widened"},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

TEST(FieldDiffTest, Annotations) {
  const Change kChanges[] = {
      {"unit", "uint32 a = 1 " F("unit: \"ms\"") ";",
       "uint32 a = 1 " F("unit: \"us\"") ";", "refused unit-changed",
       "refused unit-changed"},
      {"unit declared", "uint32 a = 1;", "uint32 a = 1 " F("unit: \"us\"") ";",
       "compatible annotation-changed", "compatible annotation-changed"},
      {"encoding", "bytes a = 1 " F("encoding: \"be32\"") ";",
       "bytes a = 1 " F("encoding: \"le32\"") ";", "refused encoding-changed",
       "refused encoding-changed"},
      {"meaning_rev", "uint32 a = 1;", "uint32 a = 1 " F("meaning_rev: 1") ";",
       "refused meaning-changed", "refused meaning-changed"},
      {"required", "uint32 a = 1;", "uint32 a = 1 " F("required: true") ";",
       "conditional required-missing: field 1 (a) is not zero or empty",
       "compatible "},
      {"required, optional", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("required: true") ";",
       "conditional required-missing: field 1 (a) is present", "compatible "},
      {"absent_default",
       "optional uint32 a = 1 " F("absent_default: \"5\"") ";",
       "optional uint32 a = 1 " F("absent_default: \"6\"") ";",
       "defaulted absent-default-changed", "defaulted absent-default-changed"},
      {"feature", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("feature: \"RSS\"") ";",
       "conditional feature-changed: field 1 (a) is absent",
       "compatible feature-changed"},
      {"owner", "uint32 a = 1 " F("owner: \"x\"") ";",
       "uint32 a = 1 " F("owner: \"y\"") ";", "refused owner-changed",
       "refused owner-changed"},
      {"ignorable", "uint32 a = 1 " F("ignorable: true") ";", "uint32 a = 1;",
       "compatible annotation-changed", "compatible annotation-changed"},
      {"sensitive", "string a = 1;", "string a = 1 " F("sensitive: true") ";",
       "compatible ", "compatible "},
  };
  for (const Change& change : kChanges) {
    CheckChange(change.name, SchemaText(1, change.old_body),
                SchemaText(2, change.new_body), change.upgrade,
                change.downgrade);
  }
}

}  // namespace
}  // namespace devstate
