// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The cases are a table of schema texts rather than code, so that the tests of
// the comparison and those of streams read the same ones.

#include "devstate/compat/diff_cases.h"

namespace devstate {
namespace testing {

#define F(annotations) "[(devstate.field) = { " annotations " }]"
#define V(annotations) "[(devstate.enum_value) = { " annotations " }]"

const std::vector<Change>& FieldsThatOneSideLacksChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"critical field added", "uint32 a = 1;", "uint32 a = 1; uint32 b = 2;",
       "defaulted field-defaulted",
       "conditional unknown-critical: field 2 (b) is absent or zero"},
      {"critical optional field added", "", "optional uint32 b = 2;",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"critical text added", "", "string b = 2;", "defaulted field-defaulted",
       "conditional unknown-critical: field 2 (b) is absent or empty"},
      {"repeated field added", "", "repeated uint32 b = 2;",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent (has no element)"},
      {"message added", "", "M b = 2; message M { uint32 x = 1; }",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"ignorable field added", "", "uint32 b = 2 " F("ignorable: true") ";",
       "defaulted field-defaulted", "lossy ignorable-dropped"},
      {"field of a feature added", "",
       "optional uint32 b = 2 " F("feature: \"RSS\"") ";",
       "compatible field-absent",
       "conditional unknown-critical: feature RSS is not used: field 2 (b) is "
       "absent"},
      {"private field added", "",
       "optional uint32 b = 2 " F("owner: \"x\"") ";",
       "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
      {"required field added", "", "uint32 b = 2 " F("required: true") ";",
       "refused required-missing", "refused unknown-critical"},
      {"required field with default added", "",
       "optional uint32 b = 2 " F(
           "required: true since: 2 absent_default: \"7\"") ";",
       "defaulted field-defaulted", "refused unknown-critical"},
      {"field that is never zero added", "", "uint32 b = 2 " F("min: 1") ";",
       "refused default-out-of-bounds", "refused unknown-critical"},
      {"field removed", "uint32 b = 2;", "",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "refused lost-critical"},
      {"field removed with its number reserved", "uint32 b = 2;", "reserved 2;",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "refused lost-critical"},
      {"optional field removed", "optional uint32 b = 2;", "",
       "conditional removed-critical: field 2 (b) is absent",
       "compatible field-absent"},
      {"repeated field removed", "repeated uint32 b = 2;", "",
       "conditional removed-critical: field 2 (b) is absent (has no element)",
       "refused lost-critical"},
      {"field with a default removed",
       "uint32 b = 2 " F("absent_default: \"0\"") ";", "",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "defaulted field-defaulted"},
      {"field of a message removed",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; message M { uint32 x = 1; }",
       "conditional removed-critical: field 2 (y) is absent or zero",
       "conditional lost-critical: there is no M at m"},
      {"field removed that the older writers had stopped to fill",
       "uint32 b = 2 " F("write_until: 1") ";", "",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "defaulted no-longer-written"},
      {"field removed after writers had stopped to fill it", "uint32 b = 2;",
       "option (devstate.message).tombstone = { number: 2 name: \"b\" type: "
       "\"uint32\" last_written: 1 write_until: 1 };",
       "conditional removed-critical: field 2 (b) is absent or zero",
       "defaulted no-longer-written"},
      {"ignorable field removed", "uint32 b = 2 " F("ignorable: true") ";",
       "option (devstate.message).tombstone = { number: 2 name: \"b\" type: "
       "\"uint32\" ignorable: true last_written: 1 };",
       "lossy ignorable-dropped", "defaulted field-defaulted"},
      {"required field removed", "uint32 b = 2 " F("required: true") ";", "",
       "refused removed-critical", "refused required-missing"},
      {"field no longer written", "uint32 b = 2;",
       "uint32 b = 2 " F("write_until: 1") ";", "compatible ",
       "defaulted no-longer-written"},
      {"required field no longer written",
       "uint32 b = 2 " F("required: true") ";",
       "uint32 b = 2 " F("write_until: 1") ";", "compatible ",
       "refused no-longer-written"},
      {"message split without a declaration",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; N n = 2; message M { reserved 2; uint32 x = 1; } message N { "
       "uint32 y = 1; }",
       "conditional field-absent,removed-critical: field 2 (y) is absent or "
       "zero",
       "conditional lost-critical,unknown-critical: there is no M at m; field "
       "2 "
       "(n) is absent"},
      {"message split as declared",
       "M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; N n = 2; message M { reserved 2; uint32 x = 1; } message N { "
       "uint32 y = 1 " F("moved_from: \"m.y\"") "; }",
       "converted field-absent,field-moved", "converted field-moved"},
      {"move that is declared of a field that stays", "uint32 y = 2;",
       "uint32 y = 2; M m = 3; message M { uint32 y = 1 " F(
           "moved_from: \"y\"") "; }",
       "compatible field-absent",
       "conditional unknown-critical: field 3 (m) is absent"},
      {"move of what is required into a message",
       "M m = 1; message M { uint32 y = 1 " F("required: true") "; }",
       "uint32 y = 2 " F("moved_from: \"m.y\" required: true") ";",
       "conditional field-moved,required-missing: field 1 (y) is not zero or "
       "empty",
       "converted field-absent,field-moved"},
      {"move into a oneof", "uint32 y = 2; optional string t = 3;",
       "oneof k { M m = 1; string t = 3; } message M { uint32 y = 1 " F(
           "moved_from: \"y\"") "; }",
       "conditional field-absent,field-moved,oneof-joined: field 2 (y) is "
       "absent, or no other member of oneof k is present",
       "converted field-moved"},
      {"move out of one of two messages of a type",
       "M m = 1; M o = 2; message M { uint32 x = 1; uint32 y = 2; }",
       "M m = 1; M o = 2; uint32 y = 3 " F(
           "moved_from: \"m.y\"") "; message M { uint32 x = 1; reserved 2; }",
       "conditional field-moved,removed-critical: field 2 (y) is absent or "
       "zero",
       "conditional field-moved,lost-critical: there is no M at o"},
      {"move out of repeated messages",
       "repeated M m = 1; message M { uint32 x = 1; uint32 y = 2; }",
       "repeated M m = 1; uint32 y = 2 " F(
           "moved_from: \"m.y\"") "; message M "
                                  "{ uint32 x = 1; }",
       "refused field-moved", "refused field-moved"},
      {"moved field with another unit", "uint32 y = 2 " F("unit: \"ms\"") ";",
       "M m = 3; message M { uint32 y = 1 " F(
           "moved_from: \"y\" unit: \"us\"") "; }",
       "conditional field-absent,field-moved,unit-scaled,value-may-not-fit: "
       "field 2 (y) is at most 4294967",
       "conditional bound-widened,field-moved,unit-scaled: field 1 (y) is a "
       "multiple of 1000"},
      {"wider field beside the narrow one", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;",
       "converted fallback-field",
       "conditional fallback-field: field 2 (w) is at most 4294967295"},
      {"wider field that takes the name", "uint32 n = 1;",
       "uint32 old_n = 1 " F(
           "renamed_from: \"n\" fallback_for: \"n\"") "; uint64 n = 2;",
       "converted fallback-field,field-renamed",
       "conditional fallback-field,field-renamed: field 2 (n) is at most "
       "4294967295"},
      {"narrower field that goes once the wider one is known",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2;",
       "uint64 w = 2;", "converted fallback-field", "converted fallback-field"},
      {"wider field that is bounded", "uint32 n = 1;",
       "uint32 n = 1 " F("fallback_for: \"w\"") "; uint64 w = 2 " F(
           "max: 1000") ";",
       "conditional fallback-field: field 1 (n) is at most 1000",
       "converted fallback-field"},
  };
  return changes;
}

const std::vector<Change>& NamesAndNumbersChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"rename without a declaration", "uint32 a = 1;", "uint32 b = 1;",
       "refused another-field", "refused another-field"},
      {"rename as declared", "uint32 a = 1;",
       "uint32 b = 1 " F("renamed_from: \"a\"") ";", "converted field-renamed",
       "converted field-renamed"},
      {"renames of two versions", "uint32 a = 1;",
       "uint32 c = 1 " F("renamed_from: [ \"a\", \"b\" ]") ";",
       "converted field-renamed", "converted field-renamed"},
      {"name that a new field takes over", "uint32 a = 1;",
       "uint32 old_a = 1 " F("renamed_from: \"a\"") "; uint32 a = 2 " F(
           "since: 2 required: true min: 1") ";",
       "refused field-renamed,required-missing",
       "refused field-renamed,unknown-critical"},
      {"name that a new optional field takes over", "uint32 a = 1;",
       "uint32 old_a = 1 " F(
           "renamed_from: \"a\"") "; optional uint32 a = 2 " F("since: 2") ";",
       "converted field-absent,field-renamed",
       "conditional field-renamed,unknown-critical: field 2 (a) is absent"},
      {"names swapped as declared", "uint32 a = 1; uint32 b = 2;",
       "uint32 b = 1 " F("renamed_from: \"a\"") "; uint32 a = 2 " F(
           "renamed_from: \"b\"") ";",
       "converted field-renamed", "converted field-renamed"},
      {"rename that changes the unit", "uint32 t_ms = 1;",
       "uint32 t_us = 1 " F("renamed_from: \"t_ms\"") ";",
       "refused field-renamed,unit-changed",
       "refused field-renamed,unit-changed"},
      {"two numbers swapped", "uint32 a = 1; uint32 b = 2;",
       "uint32 b = 1; uint32 a = 2;", "refused numbers-swapped",
       "refused numbers-swapped"},
      {"field renumbered", "uint32 a = 1;", "uint32 a = 5;",
       "refused field-renumbered", "refused field-renumbered"},
      {"number given to another field", "uint32 a = 1; string b = 2;",
       "uint32 a = 1; bytes c = 2;", "refused another-field",
       "refused another-field"},
      {"same name on a new number after a tombstone", "uint32 a = 1;",
       "option (devstate.message).tombstone = { number: 1 name: \"a\" type: "
       "\"uint32\" last_written: 1 }; optional uint64 a = 5;",
       "conditional field-absent,removed-critical: field 1 (a) is absent or "
       "zero",
       "refused lost-critical,unknown-critical: field 5 (a) is absent"},
      {"messages renamed", "M m = 1; message M { uint32 x = 1; }",
       "N m = 1; message N { uint32 x = 1; }", "compatible ", "compatible "},
  };
  return changes;
}

const std::vector<Change>& EnumsChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"value added", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }", "compatible ",
       "conditional enum-value-unknown: field 1 (e) is not OFF (2)"},
      {"value removed", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; ON = 1; reserved 2; }",
       "conditional enum-value-unknown: field 1 (e) is not OFF (2)",
       "compatible "},
      {"two values added, optional field",
       "optional E e = 1; enum E { NONE = 0; }",
       "optional E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }", "compatible ",
       "conditional enum-value-unknown: field 1 (e), if present, is none of ON "
       "(1), OFF (2)"},
      {"values swapped", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; OFF = 1; ON = 2; }",
       "refused enum-value-renumbered", "refused enum-value-renumbered"},
      {"value renumbered", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 3; }", "refused enum-value-renumbered",
       "refused enum-value-renumbered"},
      {"value renumbered as declared", "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { NONE = 0; ON = 3 " V("renumbered_from: 1") "; }",
       "converted enum-value-renumbered", "converted enum-value-renumbered"},
      {"values swapped as declared",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; OFF = 1 " V(
           "renumbered_from: 2") "; ON = 2 " V("renumbered_from: 1") "; }",
       "converted enum-value-renumbered", "converted enum-value-renumbered"},
      {"number that a new value takes over",
       "optional E e = 1; enum E { NONE = 0; ON = 1; }",
       "optional E e = 1; enum E { NONE = 0; PAUSED = 1; ON = 3 " V(
           "renumbered_from: 1") "; }",
       "converted enum-value-renumbered",
       "conditional enum-value-renumbered,enum-value-unknown: field 1 (e), if "
       "present, is not PAUSED (1)"},
      {"zero that a new value takes over",
       "E e = 1; enum E { NONE = 0; ON = 1; }",
       "E e = 1; enum E { UNSET = 0; NONE = 2 " V(
           "renumbered_from: 0") "; ON = 1; }",
       "converted enum-value-renumbered",
       "conditional enum-value-renumbered,enum-value-unknown: field 1 (e) is "
       "not UNSET (0)"},
      {"elements renumbered as declared",
       "repeated E e = 1; enum E { NONE = 0; ON = 1; }",
       "repeated E e = 1; enum E { NONE = 0; ON = 3 " V(
           "renumbered_from: 1") "; }",
       "converted enum-value-renumbered", "converted enum-value-renumbered"},
      {"one value renamed", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; ON = 1; HALTED = 2; }",
       "compatible enum-value-renamed", "compatible enum-value-renamed"},
      {"other values on the same numbers",
       "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; RED = 1; BLUE = 2; }",
       "refused enum-replaced", "refused enum-replaced"},
      {"prefix of all values renamed",
       "E e = 1; enum E { E_NONE = 0; E_ON = 1; E_OFF = 2; }",
       "E e = 1; enum E { NEW_NONE = 0; NEW_ON = 1; NEW_OFF = 2; }",
       "compatible enum-value-renamed", "compatible enum-value-renamed"},
      {"order of the text", "E e = 1; enum E { NONE = 0; ON = 1; OFF = 2; }",
       "E e = 1; enum E { NONE = 0; OFF = 2; ON = 1; }", "compatible ",
       "compatible "},
  };
  return changes;
}

const std::vector<Change>& OneofsChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"one field put into a oneof of its own", "optional uint32 a = 1;",
       "oneof k { uint32 a = 1; }", "compatible ", "compatible "},
      {"two fields joined", "optional uint32 a = 1; optional uint32 b = 2;",
       "oneof k { uint32 a = 1; uint32 b = 2; }",
       "conditional oneof-joined: at most one of the fields a (1), b (2) is "
       "present",
       "compatible oneof-split"},
      {"members of two oneofs joined",
       "oneof k { uint32 a = 1; uint32 c = 3; } oneof l { uint32 b = 2; }",
       "oneof k { uint32 a = 1; uint32 b = 2; } optional uint32 c = 3;",
       "conditional oneof-joined,oneof-split: at most one of the fields a (1), "
       "b (2) is present",
       "conditional oneof-joined,oneof-split: at most one of the fields a (1), "
       "c (3) is present"},
      {"oneof renamed", "oneof k { uint32 a = 1; uint32 b = 2; }",
       "oneof l { uint32 a = 1; uint32 b = 2; }", "compatible ", "compatible "},
      {"member added", "oneof k { uint32 a = 1; }",
       "oneof k { uint32 a = 1; string b = 2; }", "compatible field-absent",
       "conditional unknown-critical: field 2 (b) is absent"},
  };
  return changes;
}

const std::vector<Change>& TypesChanges() {
  static const auto& changes = *new std::vector<Change>{
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
  return changes;
}

const std::vector<Change>& TypesInColumnsChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"uint64 to uint32", "uint64 a = 1;", "uint32 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at most 4294967295 in "
       "every R",
       "compatible type-widened", true},
      {"uint32 to fixed32", "uint32 a = 1;", "fixed32 a = 1;",
       "compatible type-widened", "compatible type-widened", true},
      {"int32 to sint32", "int32 a = 1;", "sint32 a = 1;",
       "compatible type-widened", "compatible type-widened", true},
      {"int32 to uint32", "int32 a = 1;", "uint32 a = 1;",
       "conditional value-may-not-fit: field 1 (a) is at least 0 in every R",
       "conditional value-may-not-fit: field 1 (a) is at most 2147483647 in "
       "every R",
       true},
      {"uint32 to sint32", "uint32 a = 1;", "sint32 a = 1;",
       "refused wire-type-changed", "refused wire-type-changed", true},
      {"string to bytes", "string a = 1;", "bytes a = 1;",
       "converted type-widened",
       "conditional not-utf8: field 1 (a) is valid UTF-8 in every R", true},
      {"optional to repeated", "optional uint32 a = 1;",
       "repeated uint32 a = 1;", "converted cardinality-changed",
       "conditional cardinality-changed: field 1 (a) has at most one element "
       "in every R",
       true},
      {"to optional", "uint32 a = 1;", "optional uint32 a = 1;",
       "converted presence-changed",
       "conditional presence-changed: field 1 (a) is present in every R", true},
      {"to repeated", "uint32 a = 1;", "repeated uint32 a = 1;",
       "refused cardinality-changed", "refused cardinality-changed", true},
      {"map to repeated entries", "map<uint32, uint32> a = 1;",
       "repeated E a = 1; message E { uint32 key = 1; uint32 value = 2; }",
       "converted cardinality-changed",
       "conditional map-keys-repeated: field 1 (a) has no two elements of one "
       "key in every R",
       true},
  };
  return changes;
}

const std::vector<Change>& PresenceAndCardinalityChanges() {
  static const auto& changes = *new std::vector<Change>{
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
  return changes;
}

const std::vector<Change>& BoundsChanges() {
  static const auto& changes = *new std::vector<Change>{
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
      {"pieces",
       "repeated O o = 1 " F("max_items: 9") "; repeated P p = 2; message O { "
       "uint32 i = 1; uint64 s = 2; } message P { uint32 o = 1; uint64 f = 2; "
       "bytes d = 3 " F("max_len: 8") "; }",
       "repeated O o = 1 " F("max_items: 9") "; repeated P p = 2 " F(
           "pieces { owner: \"o\" offset: \"f\" data: \"d\" of: \"o\" id: "
           "\"i\" size: \"s\" }") "; message O { uint32 i = 1; uint64 s = 2; } "
       "message P { uint32 o = 1; uint64 f = 2; bytes d = 3 " F(
           "max_len: 8") "; }",
       "conditional bound-narrowed: field 2 (p) has all pieces of the values "
       "of o",
       "compatible bound-widened"},
      {"narrower type within the bounds", "uint64 a = 1 " F("max: 100") ";",
       "uint32 a = 1 " F("max: 100") ";", "compatible type-widened",
       "compatible type-widened"},
  };
  return changes;
}

const std::vector<Change>& AnnotationsChanges() {
  static const auto& changes = *new std::vector<Change>{
      {"unit", "uint32 a = 1 " F("unit: \"ms\"") ";",
       "uint32 a = 1 " F("unit: \"us\"") ";",
       "conditional unit-scaled,value-may-not-fit: field 1 (a) is at most "
       "4294967",
       "conditional bound-widened,unit-scaled: field 1 (a) is a multiple "
       "of "
       "1000"},
      {"unit, wide enough", "uint32 a = 1 " F("unit: \"KiB\"") ";",
       "uint64 a = 1 " F("unit: \"bytes\"") ";",
       "converted type-widened,unit-scaled",
       "conditional unit-scaled,value-may-not-fit: field 1 (a) is a "
       "multiple "
       "of 1024; field 1 (a) is at most 4398046510080"},
      {"unit of another quantity", "uint32 a = 1 " F("unit: \"bytes\"") ";",
       "uint32 a = 1 " F("unit: \"pages\"") ";", "refused unit-changed",
       "refused unit-changed"},
      {"unit of a power of two",
       "uint32 a = 1 " F("unit: \"KiB\" power_of_two: true") ";",
       "uint32 a = 1 " F("unit: \"bytes\" power_of_two: true") ";",
       "refused unit-changed", "refused unit-changed"},
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
       "converted absent-default-changed", "converted absent-default-changed"},
      {"absent_default declared later", "optional uint32 a = 1;",
       "optional uint32 a = 1 " F("absent_default: \"5\"") ";",
       "conditional absent-default-changed: field 1 (a) is present",
       "converted absent-default-changed"},
      {"absent_default that the reader cannot have",
       "optional uint32 a = 1 " F("absent_default: \"300\"") ";",
       "optional uint32 a = 1 " F("absent_default: \"6\" max: 10") ";",
       "conditional absent-default-changed,bound-narrowed: field 1 (a) is "
       "present; field 1 (a), if present, is at most 10",
       "converted absent-default-changed,bound-widened"},
      {"absent_default of a value that is renumbered",
       "optional E e = 1 " F("absent_default: \"ON\"") "; enum E { NONE = 0; "
                                                       "ON = 1; OFF = 2; }",
       "optional E e = 1 " F(
           "absent_default: \"OFF\"") "; enum E { NONE = 0; "
                                      "OFF = 1 " V(
                                          "renumbered_from: 2") "; ON = "
                                                                "2 " V(
                                                                    "ren"
                                                                    "umb"
                                                                    "ere"
                                                                    "d_"
                                                                    "fro"
                                                                    "m: "
                                                                    "1") "; }",
       "converted absent-default-changed,enum-value-renumbered",
       "converted absent-default-changed,enum-value-renumbered"},
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
  return changes;
}

#undef F
#undef V

std::vector<const Change*> AllChanges() {
  std::vector<const Change*> all;
  for (const std::vector<Change>* changes :
       {&FieldsThatOneSideLacksChanges(), &NamesAndNumbersChanges(),
        &EnumsChanges(), &OneofsChanges(), &TypesChanges(),
        &TypesInColumnsChanges(), &PresenceAndCardinalityChanges(),
        &BoundsChanges(), &AnnotationsChanges()}) {
    for (const Change& change : *changes) all.push_back(&change);
  }
  return all;
}

}  // namespace testing
}  // namespace devstate
