// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/changed_slots.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChangedSlots, EachMarkIsTakenOnceInOrder) {
  ChangedSlots slots;
  for (const uint64_t slot : {70000, 3, 64, 3, 65535, 63}) slots.Mark(slot);
  EXPECT_THAT(slots.Take(), ElementsAre(3, 63, 64, 65535, 70000));
  EXPECT_THAT(slots.Take(), IsEmpty());
  slots.Mark(64);
  EXPECT_THAT(slots.Take(), ElementsAre(64));
}

TEST(ChangedSlots, SlotBeyondTheLastIsSaidToBeLost) {
  ChangedSlots slots;
  slots.Mark(ChangedSlots::kMaxSlots - 1);
  EXPECT_FALSE(slots.overflowed());
  slots.Mark(ChangedSlots::kMaxSlots);
  EXPECT_TRUE(slots.overflowed());
  EXPECT_THAT(slots.Take(), ElementsAre(ChangedSlots::kMaxSlots - 1));
}

// Two threads change values and mark them while a third copies what is marked.
// In the end the copy is what they have written.
TEST(ChangedSlots, CopyOfWhatIsMarkedHasTheLastChanges) {
  constexpr uint64_t kSlots = 300;
  constexpr uint64_t kChanges = 20000;
  ChangedSlots slots;
  std::vector<std::atomic<uint64_t>> values(kSlots);
  std::vector<uint64_t> copy(kSlots, 0);
  std::atomic<int> writers{2};
  const auto write = [&](uint64_t seed) {
    for (uint64_t i = 0; i < kChanges; ++i) {
      const uint64_t slot = (i * 7 + seed) % kSlots;
      values[slot].store(i * 2 + seed, std::memory_order_relaxed);
      slots.Mark(slot);
    }
    --writers;
  };
  std::thread first(write, 0);
  std::thread second(write, 1);
  bool last = false;
  while (!last) {
    last = writers.load() == 0;
    for (const uint64_t slot : slots.Take()) {
      copy[slot] = values[slot].load(std::memory_order_relaxed);
    }
  }
  first.join();
  second.join();
  for (uint64_t slot = 0; slot < kSlots; ++slot) {
    EXPECT_EQ(copy[slot], values[slot].load()) << slot;
  }
}

}  // namespace
}  // namespace devstate
