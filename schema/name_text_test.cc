// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/name_text.h"

#include <string>

#include "gtest/gtest.h"

namespace devstate {
namespace {

TEST(NameTextTest, AnOrdinaryNameIsShownAsItIs) {
  EXPECT_EQ(NameText("devices.fs.v1"), "devices.fs.v1");
  EXPECT_EQ(NameText("Gerät"), "Gerät");
}

TEST(NameTextTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(NameText("a\nb\x1b[0m"), "a\\nb\\033[0m");
}

TEST(NameTextTest, ALongNameIsCut) {
  EXPECT_EQ(NameText(std::string(kMaxShownNameBytes + 1, 'a')),
            std::string(kMaxShownNameBytes, 'a') + "...");
}

}  // namespace
}  // namespace devstate
