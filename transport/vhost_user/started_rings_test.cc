// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vhost_user/started_rings.h"

#include <string>

#include "devstate/transport/vhost_user/vhost_user_message.h"
#include "gtest/gtest.h"

namespace devstate::vhost_user {
namespace {

std::string RingAndNumber(uint32_t ring, uint32_t number) {
  std::string payload;
  AppendU32(ring, &payload);
  AppendU32(number, &payload);
  return payload;
}

TEST(StartedRings, StartAtTheKickAndStopAtTheBase) {
  StartedRings rings;
  EXPECT_FALSE(rings.any());
  rings.Note(kSetVringKick, U64Payload(0));
  rings.Note(kSetVringKick, U64Payload(255 | kVringNoFd));
  rings.Note(kGetVringBase, RingAndNumber(0, 0));
  EXPECT_TRUE(rings.any()) << "the last one still runs";
  rings.Note(kGetVringBase, RingAndNumber(255, 0));
  EXPECT_FALSE(rings.any());
}

TEST(StartedRings, AllStopAtAReset) {
  for (const uint32_t reset : {kResetOwner, kResetDevice}) {
    StartedRings rings;
    rings.Note(kSetVringKick, U64Payload(1));
    rings.Note(reset, "");
    EXPECT_FALSE(rings.any()) << RequestName(reset);
  }
}

TEST(StartedRings, OtherRequestsAndMalformedOnesChangeNothing) {
  StartedRings rings;
  rings.Note(kSetVringCall, U64Payload(1));
  rings.Note(kSetVringKick, "1234567");
  EXPECT_FALSE(rings.any());
  rings.Note(kSetVringKick, U64Payload(1));
  rings.Note(kSetVringBase, RingAndNumber(1, 0));
  rings.Note(kGetVringBase, "123");
  rings.Note(kGetVringBase, RingAndNumber(StartedRings::kMaxRings + 1, 0));
  EXPECT_TRUE(rings.any());
}

}  // namespace
}  // namespace devstate::vhost_user
