// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests of the checks of a device type.

#ifndef DEVSTATE_DEVICES_RULES_CHECK_TESTING_H_
#define DEVSTATE_DEVICES_RULES_CHECK_TESTING_H_

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/rules/device_type.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace devstate {

inline void PrintTo(const BrokenRules& broken, std::ostream* out) {
  for (const BrokenRule& rule : broken.kept()) {
    *out << "\n  [" << rule.rule << "] " << rule.path << ": " << rule.text;
  }
}

namespace testing {

// Starts from a state that breaks no rule.
template <typename State>
class DeviceCheckTest : public ::testing::Test {
 protected:
  DeviceCheckTest(const DeviceType& type, const std::string& folder)
      : type_(type) {
    std::ifstream file(
        absl::StrCat("devices/", folder, "/", folder, "_state.txtpb"));
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &state_));
  }

  BrokenRules Check() const { return CheckDeviceState(type_, state_); }

  const DeviceType& type_;
  State state_;
};

// Matches broken rules of which one is `rule` at `path`.
MATCHER_P2(Breaks, rule, path, absl::StrCat("breaks [", rule, "] at ", path)) {
  return std::any_of(arg.kept().begin(), arg.kept().end(),
                     [this](const BrokenRule& broken) {
                       return broken.rule == rule && broken.path == path;
                     });
}

// Matches if no rule is broken.
MATCHER(BreaksNothing, "breaks no rule") { return arg.empty(); }

}  // namespace testing
}  // namespace devstate

#endif  // DEVSTATE_DEVICES_RULES_CHECK_TESTING_H_
