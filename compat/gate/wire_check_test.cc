// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/wire_check.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr char kBody[] =
    "uint32 u = 1; int32 i = 2; bool b = 3; E e = 4; fixed32 f = 5; string s = "
    "6; M m = 7; repeated uint32 r = 8; map<string, uint32> t = 9; oneof o { "
    "uint32 x = 10; uint32 y = 11; } map<uint32, M> n = 12; sint32 z = 13; "
    "enum E { NONE = 0; ON = 1; } message M { uint32 v = 1; M next = 2; }";

// "ok", "malformed", or the findings as "path rule".
std::string Check(const std::string& hex) {
  const LoadedSchema schema = testing::Parse(testing::SchemaText(1, kBody));
  StreamFindings findings;
  if (!CheckWire(absl::HexStringToBytes(hex), schema.root(), &findings)) {
    return "malformed";
  }
  std::vector<std::string> found;
  for (const Finding& finding : findings.Sorted()) {
    EXPECT_EQ(finding.level(), REFUSED);
    EXPECT_NE(FindRule(finding.rule()), nullptr) << finding.rule();
    found.push_back(absl::StrCat(finding.path(), " ", finding.rule()));
  }
  return found.empty() ? "ok" : absl::StrJoin(found, ", ");
}

TEST(WireCheckTest, WhatAParserReadsWhollyIsFine) {
  const struct {
    const char* name;
    const char* hex;
  } kCases[] = {
      {"nothing", ""},
      {"largest uint32", "08ffffffff0f"},
      {"negative int32 in ten bytes", "10ffffffffffffffffff01"},
      {"fixed32", "2dffffffff"},
      {"packed and unpacked elements", "420301020340044005"},
      {"message within message", "3a06080112020805"},
      {"two keys of a map", "4a050a016110014a050a01621001"},
      {"one member of a oneof", "5000"},
      {"negative sint32", "68ffffffff0f"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Check(test.hex), "ok") << test.name;
}

TEST(WireCheckTest, WhatAParserWouldLoseOrMisreadIsFound) {
  const struct {
    const char* name;
    const char* hex;
    const char* expected;
  } kCases[] = {
      {"unknown field", "a00101", "20 unknown-critical"},
      {"unknown group", "a301a401", "20 unknown-critical"},
      {"unknown field in a message", "3a021805", "m.3 unknown-critical"},
      {"unknown field in a map's value", "620612041a020801",
       "n.value.3 unknown-critical"},
      {"unknown field in a map's entry", "4a021801", "t.3 unknown-critical"},
      {"fixed32 for uint32", "0d01000000", "u wire-type-changed"},
      {"varint for fixed32", "2801", "f wire-type-changed"},
      {"packed list for a single number", "0a0101", "u wire-type-changed"},
      {"text for a number", "0a0161", "u wire-type-changed"},
      {"number for text", "3001", "s wire-type-changed"},
      {"uint32 above 32 bits", "08ffffffff1f", "u value-may-not-fit"},
      {"int32 above 31 bits", "10ffffffff0f", "i value-may-not-fit"},
      {"sint32 above 32 bits", "68ffffffff1f", "z value-may-not-fit"},
      {"bool of 2", "1802", "b value-may-not-fit"},
      {"element above 32 bits", "4206ffffffff1f01", "r value-may-not-fit"},
      {"enum value without a name", "2002", "e enum-value-unknown"},
      {"enum value above 32 bits", "2080808080808001", "e value-may-not-fit"},
      {"text that is not UTF-8", "3202c328", "s not-utf8"},
      {"singular number twice", "08010802", "u duplicate-field"},
      {"singular message twice", "3a0208013a020801", "m duplicate-field"},
      {"two members of a oneof", "50015801", "y duplicate-field"},
      {"key of a map twice", "4a050a016110014a050a01611002",
       "t duplicate-map-key"},
      {"key of a map twice, once left out", "62006202080062020801",
       "n duplicate-map-key"},
      {"key of a map twice, once in a long form", "62020801620308810062020802",
       "n duplicate-map-key"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Check(test.hex), test.expected) << test.name;
  }
}

TEST(WireCheckTest, WhatIsNoMessageIsMalformed) {
  for (const char* hex :
       {"08", "0a05", "3a0208", "00", "07", "0880808080808080808080", "0b",
        "0c", "2d0000", "42020180"}) {
    EXPECT_EQ(Check(hex), "malformed") << hex;
  }
}

TEST(WireCheckTest, NestingIsBounded) {
  const auto nested = [](int depth) {
    std::string bytes;
    for (int i = 0; i < depth; ++i) {
      std::string length;
      for (size_t rest = bytes.size();; rest >>= 7) {
        length.push_back(
            static_cast<char>((rest & 127) | (rest > 127 ? 128 : 0)));
        if (rest <= 127) break;
      }
      bytes = absl::StrCat(i + 1 == depth ? "\x3a" : "\x12", length, bytes);
    }
    return absl::BytesToHexString(bytes);
  };
  EXPECT_EQ(Check(nested(99)), "ok");
  EXPECT_EQ(Check(nested(100)), "malformed");
  EXPECT_EQ(Check(nested(20000)), "malformed");
}

}  // namespace
}  // namespace devstate
