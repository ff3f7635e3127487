// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// docs/session.md lists the table; this keeps the list true.

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "devstate/transport/vhost_user/session.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

// The section of one state, as the page must have it.
std::string Section(SessionState state) {
  std::string text =
      absl::StrCat("### ", SessionStateName(state),
                   "\n\n| event | next state | actions |\n|---|---|---|\n");
  for (int i = 0; i < kSessionEvents; ++i) {
    const SessionEvent event = static_cast<SessionEvent>(i);
    const SessionStep step = StepOf(state, event);
    if (step.next == state && step.actions == 0) continue;
    absl::StrAppend(&text, "| ", SessionEventName(event), " | ",
                    SessionStateName(step.next), " | ",
                    step.actions == 0 ? "-" : SessionActionNames(step.actions),
                    " |\n");
  }
  return text;
}

TEST(SessionDocumentTest, ListsTheTableAsItIs) {
  std::ifstream file("docs/session.md");
  ASSERT_TRUE(file.good());
  std::stringstream page;
  page << file.rdbuf() << "\n";
  for (int i = 0; i < kSessionStates; ++i) {
    EXPECT_THAT(page.str(), ::testing::HasSubstr(
                                Section(static_cast<SessionState>(i)) + "\n"));
  }
}

}  // namespace
}  // namespace devstate::vhost_user
