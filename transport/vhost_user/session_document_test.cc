// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// docs/session.md lists the table; this keeps the list true.

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/transport/vhost_user/rounds_session.h"
#include "devstate/transport/vhost_user/session.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

absl::string_view NameOf(SessionState state) { return SessionStateName(state); }
absl::string_view NameOf(RoundsState state) { return RoundsStateName(state); }
absl::string_view NameOf(SessionEvent event) { return SessionEventName(event); }
absl::string_view NameOf(RoundsEvent event) { return RoundsEventName(event); }
std::string ActionsOf(const SessionStep& step) {
  return SessionActionNames(step.actions);
}
std::string ActionsOf(const RoundsStep& step) {
  return RoundsActionNames(step.actions);
}

// The section of one state, as the page must have it.
template <typename Event, typename State>
std::string Section(State state, int events) {
  std::string text =
      absl::StrCat("### ", NameOf(state),
                   "\n\n| event | next state | actions |\n|---|---|---|\n");
  for (int i = 0; i < events; ++i) {
    const auto event = static_cast<Event>(i);
    const auto step = StepOf(state, event);
    if (step.next == state && step.actions == 0) continue;
    absl::StrAppend(&text, "| ", NameOf(event), " | ", NameOf(step.next), " | ",
                    step.actions == 0 ? "-" : ActionsOf(step), " |\n");
  }
  return text;
}

TEST(SessionDocumentTest, ListsTheTableAsItIs) {
  std::ifstream file("docs/session.md");
  ASSERT_TRUE(file.good());
  std::stringstream page;
  page << file.rdbuf() << "\n";
  for (int i = 0; i < kSessionStates; ++i) {
    EXPECT_THAT(
        page.str(),
        ::testing::HasSubstr(Section<SessionEvent>(static_cast<SessionState>(i),
                                                   kSessionEvents) +
                             "\n"));
  }
  for (int i = 0; i < kRoundsStates; ++i) {
    EXPECT_THAT(
        page.str(),
        ::testing::HasSubstr(
            Section<RoundsEvent>(static_cast<RoundsState>(i), kRoundsEvents) +
            "\n"));
  }
}

}  // namespace
}  // namespace devstate::vhost_user
