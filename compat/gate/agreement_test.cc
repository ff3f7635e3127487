// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A mapping has three readers. What the comparison of two schemas says of all
// states, and what the gate says of single ones, never contradict each other;
// and what loads is all there.

#include <random>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/compat/diff_testing.h"
#include "devstate/compat/gate/pair_checker.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::Change;
using ::devstate::testing::PairChecker;

bool NeedsContent(const SchemaModel& schema) {
  for (const FieldModel& field : schema.root->fields) {
    if (!CanBeAbsent(field)) return true;
  }
  return false;
}

// Checks an empty state and random ones; enough for every condition to be
// fulfilled and broken if `thorough`.
void CheckStates(const Change& change, bool upgrade, int states,
                 bool thorough) {
  const std::string name =
      absl::StrCat(change.name, upgrade ? ", upgrade" : ", downgrade");
  const std::string older = testing::OlderText(change);
  const std::string newer = testing::NewerText(change);
  PairChecker checker(upgrade ? older : newer, upgrade ? newer : older,
                      upgrade);
  // What no writer may leave out is not left out.
  if (!NeedsContent(checker.writer().model())) {
    google::protobuf::DynamicMessageFactory factory;
    EXPECT_EQ(checker.Check(*factory.GetPrototype(&checker.writer().root()),
                            /*archive=*/true),
              "")
        << name;
  }
  std::mt19937 random(20261122);
  for (int i = 1; i < states; ++i) {
    // In one of 8 states the schema comes from the stream itself.
    EXPECT_EQ(checker.CheckRandom(&random, /*archive=*/i % 8 != 1), "") << name;
  }
  if (thorough && checker.verdict().level == VERDICT_LEVEL_CONDITIONAL) {
    EXPECT_GT(checker.loaded(), 0)
        << name << ": no state fulfils the condition";
    EXPECT_GT(checker.refused(), 0)
        << name << ": no state breaks the condition";
  }
}

TEST(AgreementTest, ThereAreEnoughChanges) {
  EXPECT_GE(testing::AllChanges().size(), 60u);
}

TEST(AgreementTest, StreamsNeverContradictTheComparisonOfTheirSchemas) {
  for (const Change* change : testing::AllChanges()) {
    CheckStates(*change, /*upgrade=*/true, 40, /*thorough=*/true);
    CheckStates(*change, /*upgrade=*/false, 40, /*thorough=*/true);
  }
}

// What is at the root of a table's change is in a record here, in a message of
// the root, in a map and in a oneof.
TEST(AgreementTest, TheSameHoldsWhereverTheChangeStands) {
  const struct {
    const char* name;
    const char* before;
    const char* after;
  } kPlaces[] = {
      {"in records", "repeated Z z = 1; message Z {", "}"},
      {"in a message", "Z z = 1; message Z {", "}"},
      {"in a map", "map<string, Z> z = 1; message Z {", "}"},
      {"in a oneof of records",
       "repeated Y y = 1; message Y { oneof o { Z z = 1; uint32 n = 2; } } "
       "message Z {",
       "}"},
  };
  for (const Change* change : testing::AllChanges()) {
    if (change->in_record) continue;
    // Moves name whole paths from the root.
    if (absl::StrContains(change->newer_body, "moved_from")) continue;
    // Pieces are for the root alone.
    if (absl::StrContains(change->newer_body, "pieces {")) continue;
    for (const auto& place : kPlaces) {
      const std::string name = absl::StrCat(change->name, " ", place.name);
      const std::string older =
          absl::StrCat(place.before, change->older_body, place.after);
      const std::string newer =
          absl::StrCat(place.before, change->newer_body, place.after);
      const Change nested = {name.c_str(), older.c_str(), newer.c_str(), "",
                             ""};
      CheckStates(nested, /*upgrade=*/true, 6, /*thorough=*/false);
      CheckStates(nested, /*upgrade=*/false, 6, /*thorough=*/false);
    }
  }
}

}  // namespace
}  // namespace devstate
