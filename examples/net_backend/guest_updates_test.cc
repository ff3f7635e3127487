// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "examples/net_backend/guest_updates.h"

#include "devstate/devices/net/check_model.h"
#include "devstate/devices/net/net_features.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "examples/net_backend/seeded_model.h"
#include "examples/net_backend/state_text.h"
#include "gtest/gtest.h"

namespace devstate::net::examples {
namespace {

using ::devstate::testing::IsOk;

TEST(GuestUpdates, TheModelStaysOneThatCanBe) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    NetModel model = SeededModel(seed);
    for (uint64_t update = 0; update < 200; ++update) {
      UpdateAsGuest(update, &model);
      ASSERT_THAT(CheckModel(model), IsOk()) << seed << " " << update;
    }
  }
}

TEST(GuestUpdates, AChangeNamesAllThatIsNotAsBefore) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    NetModel model = SeededModel(seed);
    for (uint64_t update = 0; update < 200; ++update) {
      NetModel applied = model;
      const ModelChange change = UpdateAsGuest(update, &model);
      EXPECT_NE(StateText(applied), StateText(model)) << seed << " " << update;
      applied.receive_mode = model.receive_mode;
      if (change.ring) applied.rings[*change.ring] = model.rings[*change.ring];
      if (change.answered) applied.requests.erase(applied.requests.begin());
      EXPECT_EQ(StateText(applied), StateText(model)) << seed << " " << update;
    }
  }
}

}  // namespace
}  // namespace devstate::net::examples
