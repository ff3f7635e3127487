// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/wire_walk.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/third_party/absl_compat/hex_bytes.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FileDescriptorProto;

constexpr char kSchema[] = R"(
  syntax = "proto3";
  message Root {
    uint32 u = 1;
    int32 i = 2;
    bool b = 3;
    E e = 4;
    fixed32 f = 5;
    string s = 6;
    M m = 7;
    repeated uint32 r = 8;
    map<string, uint32> t = 9;
    oneof o { uint32 x = 10; uint32 y = 11; }
    map<uint32, M> n = 12;
    sint32 z = 13;
    repeated M records = 14;
    repeated E es = 15;
    map<fixed64, bool> k = 16;
  }
  enum E { NONE = 0; ON = 1; }
  message M { uint32 v = 1; M next = 2; E e = 4; })";

const Descriptor& Root() {
  static const Descriptor* const root = [] {
    google::protobuf::io::ArrayInputStream input(kSchema, sizeof(kSchema) - 1);
    google::protobuf::io::Tokenizer tokenizer(&input, nullptr);
    FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::compiler::Parser().Parse(&tokenizer, &file));
    file.set_name("walk.proto");
    static auto& pool = *new DescriptorPool();
    return pool.BuildFile(file)->FindMessageTypeByName("Root");
  }();
  return *root;
}

const char* NameOf(WireFault fault) {
  switch (fault) {
    case WireFault::kUnknownField:
      return "unknown";
    case WireFault::kWireType:
      return "wire type";
    case WireFault::kUnnamedEnumValue:
      return "unnamed";
    case WireFault::kOutOfRange:
      return "out of range";
    case WireFault::kNotUtf8:
      return "not UTF-8";
    case WireFault::kMerged:
      return "merged";
    case WireFault::kTwice:
      return "twice";
    case WireFault::kKeyTwice:
      return "key twice";
    case WireFault::kRecord:
      return "record";
  }
  return "";
}

// "ok", "malformed", or the findings as "path fault".
std::string Check(const std::string& hex) {
  std::vector<std::string> found;
  if (!WalkWire(HexBytes(hex), Root(),
                [&found](const WireFinding& finding) {
                  found.push_back(
                      absl::StrCat(finding.path, " ", NameOf(finding.fault)));
                  return true;
                })) {
    return "malformed";
  }
  return found.empty() ? "ok" : absl::StrJoin(found, ", ");
}

TEST(WireWalkTest, WhatAParserReadsWhollyIsFine) {
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
      {"map entry without key and value", "6200"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Check(test.hex), "ok") << test.name;
}

TEST(WireWalkTest, WhatAParserWouldLoseOrMisreadIsFound) {
  const struct {
    const char* name;
    const char* hex;
    const char* expected;
  } kCases[] = {
      {"unknown field", "a00101", "20 unknown"},
      {"unknown group", "a301a401", "20 unknown"},
      {"unknown field in a message", "3a021805", "m.3 unknown"},
      {"unknown field in a map's value", "620612041a020801",
       "n.value.3 unknown"},
      {"unknown field in a map's entry", "4a021801", "t.3 unknown"},
      {"fixed32 for uint32", "0d01000000", "u wire type"},
      {"varint for fixed32", "2801", "f wire type"},
      {"packed list for a single number", "0a0101", "u wire type"},
      {"text for a number", "0a0161", "u wire type"},
      {"number for text", "3001", "s wire type"},
      {"uint32 above 32 bits", "08ffffffff1f", "u out of range"},
      {"int32 above 31 bits", "10ffffffff0f", "i out of range"},
      {"sint32 above 32 bits", "68ffffffff1f", "z out of range"},
      {"bool of 2", "1802", "b out of range"},
      {"element above 32 bits", "4206ffffffff1f01", "r out of range"},
      {"enum value without a name", "2002", "e unnamed"},
      {"enum value above 32 bits", "2080808080808001", "e out of range"},
      {"text that is not UTF-8", "3202c328", "s not UTF-8"},
      {"singular enum twice, the last without a name", "20012002",
       "e twice, e unnamed"},
      {"singular enum twice, the last with a name", "20022001", "e twice"},
      {"singular number twice", "08010802", "u twice"},
      {"singular text twice", "32013232013a", "s twice"},
      {"element of an enum without a name", "780278017802",
       "es unnamed, es unnamed"},
      {"enum in a message without a name", "3a022002", "m.e unnamed"},
      {"record", "7200", "records record"},
      {"record and unknown", "7200a00101", "records record, 20 unknown"},
      {"fixed key of a map twice",
       "820109090100000000000000"
       "82010b0901000000000000001000",
       "k key twice"},
      {"fixed key of a map twice, once left out",
       "82010082010909"
       "0000000000000000",
       "k key twice"},
      {"wire type of a map's key", "4a020801", "t.key wire type"},
      {"singular message twice", "3a0208013a020801", "m merged"},
      {"two members of a oneof", "50015801", "y merged"},
      {"key of a map twice", "4a050a016110014a050a01611002", "t key twice"},
      {"key of a map twice, once left out", "62006202080062020801",
       "n key twice"},
      {"key of a map twice, once in a long form", "62020801620308810062020802",
       "n key twice"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Check(test.hex), test.expected) << test.name;
  }
}

TEST(WireWalkTest, WhatIsNoMessageIsMalformed) {
  for (const char* hex : {"08", "0a05", "3a0208", "00", "07",
                          "08808080808080808080"
                          "02",
                          "0b", "0c", "2d0000", "42020180"}) {
    EXPECT_EQ(Check(hex), "malformed") << hex;
  }
}

TEST(WireWalkTest, StopsWhenTheVisitorHasSeenEnough) {
  int calls = 0;
  // What follows is not looked at, however wrong it is.
  EXPECT_TRUE(WalkWire(HexBytes("a0010108"), Root(),
                       [&calls](const WireFinding&) {
                         ++calls;
                         return false;
                       }));
  EXPECT_EQ(calls, 1);
}

TEST(WireWalkTest, NestingIsBounded) {
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
  EXPECT_EQ(Check(nested(100)), "ok");
  EXPECT_EQ(Check(nested(101)), "malformed");
  EXPECT_EQ(Check(nested(20000)), "malformed");
}

}  // namespace
}  // namespace devstate
