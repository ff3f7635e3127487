// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/seeded_model.h"

#include <set>
#include <string>

#include "devstate/devices/net/check_model.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/net_backend/state_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::net::examples {
namespace {

using ::devstate::testing::IsOk;

TEST(SeededModelTest, EverySeedGivesAStateOfItsOwnThatPassesTheChecks) {
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const NetModel model = SeededModel(seed);
    ASSERT_THAT(CheckModel(model), IsOk()) << seed;
    EXPECT_TRUE(texts.insert(StateText(model)).second) << seed;
  }
}

TEST(SeededModelTest, OneSeedGivesOneState) {
  EXPECT_EQ(StateText(SeededModel(7)), StateText(SeededModel(7)));
}

TEST(SeededModelTest, SmallSeedsHaveEverySettingAndLackEveryOne) {
  int with[12] = {};
  constexpr int kSeeds = 40;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const NetModel model = SeededModel(seed);
    const bool settings[12] = {
        model.receive_mode.has_value(),
        model.mac_filter.has_value(),
        model.vlan_ids.has_value(),
        model.guest_offloads.has_value(),
        model.announce_pending.value_or(false),
        model.active_queue_pairs.has_value(),
        model.hash.has_value(),
        model.rss.has_value(),
        model.hash_tunnel_types != 0,
        model.coalescing.has_value(),
        !model.queue_coalescing.empty(),
        (model.acked_features & kRingPacked) != 0,
    };
    for (int i = 0; i < 12; ++i) with[i] += settings[i];
    EXPECT_FALSE(model.requests.empty()) << seed;
  }
  for (int i = 0; i < 12; ++i) {
    EXPECT_GT(with[i], 0) << i;
    EXPECT_LT(with[i], kSeeds) << i;
  }
}

}  // namespace
}  // namespace devstate::net::examples
