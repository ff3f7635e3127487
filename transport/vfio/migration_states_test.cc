// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The table against the rules of the text, which have no table: the arcs, the
// shortest way, no saving state in its middle. docs/vfio.md lists the table;
// the second test keeps the list true.

#include "devstate/transport/vfio/migration_states.h"

#include <fstream>
#include <map>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace devstate::vfio {
namespace {

using State = MigrationState;
constexpr State kError = State::kError;
constexpr State kStop = State::kStop;
constexpr State kRunning = State::kRunning;
constexpr State kStopCopy = State::kStopCopy;
constexpr State kResuming = State::kResuming;
constexpr State kPreCopy = State::kPreCopy;

// The arcs of the text, and what each does.
std::map<std::pair<State, State>, MigrationAction> Arcs(bool pre_copy) {
  std::map<std::pair<State, State>, MigrationAction> arcs = {
      {{kRunning, kStop}, MigrationAction::kStop},
      {{kStop, kRunning}, MigrationAction::kStart},
      {{kStop, kStopCopy}, MigrationAction::kBeginSave},
      {{kStopCopy, kStop}, MigrationAction::kEndSave},
      {{kStop, kResuming}, MigrationAction::kBeginLoad},
      {{kResuming, kStop}, MigrationAction::kFinishLoad},
  };
  if (pre_copy) {
    arcs[{kRunning, kPreCopy}] = MigrationAction::kBeginPreCopy;
    arcs[{kPreCopy, kRunning}] = MigrationAction::kEndSave;
    arcs[{kPreCopy, kStopCopy}] = MigrationAction::kStopInSave;
  }
  return arcs;
}

// Returns the states on the way, by a search; empty if there is none.
std::vector<State> Way(State from, State target, bool pre_copy) {
  if (from == kStopCopy && target == kPreCopy) return {};
  const auto arcs = Arcs(pre_copy);
  std::queue<std::vector<State>> ways;
  ways.push({from});
  std::set<State> seen = {from};
  while (!ways.empty()) {
    const std::vector<State> way = ways.front();
    ways.pop();
    const State last = way.back();
    if (last == target) return {way.begin() + 1, way.end()};
    if (last != from && IsSaving(last)) continue;
    for (const auto& [arc, action] : arcs) {
      if (arc.first != last || !seen.insert(arc.second).second) continue;
      ways.push(way);
      ways.back().push_back(arc.second);
    }
  }
  return {};
}

TEST(MigrationStatesTest, WaysAreThoseOfTheText) {
  for (const bool pre_copy : {false, true}) {
    const auto arcs = Arcs(pre_copy);
    for (const State start : kMigrationStates) {
      // A device without pre-copy is never in its state.
      if (start == kPreCopy && !pre_copy) continue;
      for (const State target : kMigrationStates) {
        if (start == target) continue;
        SCOPED_TRACE(absl::StrCat(MigrationStateName(start), " to ",
                                  MigrationStateName(target)));
        const std::vector<State> way = Way(start, target, pre_copy);
        State from = start;
        for (const State to : way) {
          const MigrationArc arc = NextArc(from, target, pre_copy);
          EXPECT_EQ(arc.to, to);
          EXPECT_EQ(arc.action, arcs.at({from, to}));
          EXPECT_EQ(arc.if_failed, from == kResuming ? kError : from);
          from = to;
        }
        if (!way.empty()) continue;
        const MigrationArc arc = NextArc(start, target, pre_copy);
        EXPECT_EQ(arc.action, MigrationAction::kRefuse);
        EXPECT_EQ(arc.to, start);
        EXPECT_EQ(arc.if_failed, start);
      }
    }
  }
}

// The table of the page.
std::string Table() {
  std::string text =
      "| from | to | first arc leads to | action | if it fails |\n"
      "|---|---|---|---|---|\n";
  for (const State from : kMigrationStates) {
    for (const State target : kMigrationStates) {
      if (from == target) continue;
      const MigrationArc arc = NextArc(from, target, /*pre_copy=*/true);
      if (arc.action == MigrationAction::kRefuse) continue;
      absl::StrAppend(&text, "| ", MigrationStateName(from), " | ",
                      MigrationStateName(target), " | ",
                      MigrationStateName(arc.to), " | ",
                      MigrationActionName(arc.action), " | ",
                      MigrationStateName(arc.if_failed), " |\n");
    }
  }
  return text;
}

TEST(MigrationStatesTest, ThePageListsTheTableAsItIs) {
  std::ifstream file("docs/vfio.md");
  ASSERT_TRUE(file.good());
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(Table() + "\n"), std::string::npos) << Table();
}

}  // namespace
}  // namespace devstate::vfio
