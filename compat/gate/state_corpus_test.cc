// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/state_corpus.h"

#include <map>
#include <string>

#include "devstate/compat/diff_testing.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::Parse;
using ::devstate::testing::SchemaText;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBody[] = R"(
  uint32 level = 1 [(devstate.field) = { min: 3 max: 9 }];
  optional string label = 2 [(devstate.field) = { max_len: 5 }];
  repeated Row rows = 3 [(devstate.field) = { max_items: 4 unique_by: "id" }];
  message Row {
    uint32 id = 1;
    oneof kind {
      uint32 number = 2;
      string text = 3;
    }
    enum Mood { CALM = 0; WILD = 7; }
    Mood mood = 4;
  })";

// The states by their names.
std::map<std::string, CorpusState> Make() {
  std::map<std::string, CorpusState> states;
  const LoadedSchema schema = Parse(SchemaText(1, kBody));
  EXPECT_THAT(
      MakeStateCorpus(schema,
                      [&](const CorpusState& state) {
                        EXPECT_TRUE(states.emplace(state.name, state).second)
                            << state.name;
                        return absl::OkStatus();
                      }),
      IsOk());
  return states;
}

class StateCorpusTest : public ::testing::Test {
 protected:
  void ExpectLoads(const std::string& name) {
    ASSERT_EQ(states_.count(name), 1u) << name;
    EXPECT_THAT(states_[name].rules, IsEmpty()) << name;
    EXPECT_THAT(states_[name].json, HasSubstr("{")) << name;
  }
  void ExpectRefused(const std::string& name, const std::string& rule) {
    ASSERT_EQ(states_.count(name), 1u) << name;
    EXPECT_THAT(states_[name].rules, ElementsAre(rule)) << name;
    EXPECT_EQ(states_[name].json, "") << name;
  }

  std::map<std::string, CorpusState> states_ = Make();
};

TEST_F(StateCorpusTest, ANumberIsAtBothEndsOfItsBoundsAndBeyond) {
  ExpectLoads("level=3");
  ExpectLoads("level=9");
  ExpectRefused("level=2", "value-out-of-bounds");
  ExpectRefused("level=10", "value-out-of-bounds");
}

TEST_F(StateCorpusTest, AStringIsAsLongAsItMayBeAndLonger) {
  ExpectLoads("label of 5 bytes");
  ExpectRefused("label of 6 bytes", "value-out-of-bounds");
}

TEST_F(StateCorpusTest, ATableIsOfOneRecordAndTooLong) {
  ExpectLoads("rows of 1");
  ASSERT_EQ(states_.count("rows of 5"), 1u);
  EXPECT_THAT(states_["rows of 5"].rules, ::testing::Not(IsEmpty()));
}

TEST_F(StateCorpusTest, EveryMemberOfAOneofAndEveryValueOfAnEnumComes) {
  ExpectLoads("rows.number=1");
  ExpectLoads("rows.text of 1 bytes");
  const std::string all = [&] {
    std::string joined;
    for (const auto& [name, state] : states_) joined += state.json;
    return joined;
  }();
  EXPECT_THAT(all, HasSubstr("WILD"));
}

TEST_F(StateCorpusTest, DamageAndStrangersAreRefused) {
  ExpectRefused("without a trailer", "no-trailer");
  ExpectRefused("a turned bit", "checksum");
  ExpectRefused("trailing bytes", "trailing-bytes");
  ExpectRefused("not a stream", "not-a-stream");
  ExpectRefused("another device", "wrong-device");
  ExpectRefused("another schema", "wrong-schema");
  ExpectRefused("a newer release", "too-new");
}

TEST_F(StateCorpusTest, TheSameSchemaIsTheSameCorpus) {
  const std::map<std::string, CorpusState> again = Make();
  ASSERT_EQ(again.size(), states_.size());
  for (const auto& [name, state] : states_) {
    ASSERT_EQ(again.count(name), 1u) << name;
    EXPECT_EQ(again.at(name).stream, state.stream) << name;
  }
}

}  // namespace
}  // namespace devstate
