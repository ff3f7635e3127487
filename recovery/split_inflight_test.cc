// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A small model of a ring is run through all short histories, and the process
// is ended between any two of its stores.

#include "devstate/recovery/split_inflight.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <set>
#include <vector>

#include "devstate/recovery/inflight_layout.h"
#include "devstate/recovery/inflight_test_util.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate::recovery {
namespace {

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::testing::ElementsAre;
using Inflight = BasicSplitInflight<CutStores>;

constexpr uint16_t kSize = 4;
constexpr uint16_t kFirstUsed = 0xfffe;  // so that the index wraps around

std::vector<uint16_t> Heads(const std::vector<InflightRequest>& requests) {
  std::vector<uint16_t> heads;
  for (const InflightRequest& request : requests)
    heads.push_back(request.entry);
  return heads;
}

// What a device does with its ring, until its stores are cut off.
class Device {
 public:
  enum Step { kTake, kAnswerOldest, kAnswerNewest, kAnswerTwo, kSteps };

  Device() : memory_(InflightStride(false, kSize)) {
    used_index_ = kFirstUsed;
    EXPECT_THAT(inflight_.Recover(kSize, kFirstUsed), IsOk());
    inflight_.Begin();
  }

  void Do(int step) {
    std::vector<uint16_t> pending = Pending();
    switch (step) {
      case kTake: {
        uint16_t head = 0;
        while (head < kSize && std::count(pending.begin(), pending.end(), head))
          ++head;
        if (head == kSize) return;
        taking_ = CutStores::left > 0;
        inflight_.Take(head);
        taken_.push_back(head);
        if (CutStores::left > 0) taking_ = false;
        return;
      }
      case kAnswerOldest:
        if (!pending.empty()) Answer({pending.front()});
        return;
      case kAnswerNewest:
        if (!pending.empty()) Answer({pending.back()});
        return;
      default:
        if (pending.size() >= 2) Answer({pending.back(), pending.front()});
        return;
    }
  }

  // Ends the process, and begins another one. Returns what it finds.
  absl::StatusOr<std::vector<InflightRequest>> Restart(int stores = INT_MAX) {
    CutStores::left = stores;
    auto found = Inflight(memory_.bytes(), kSize).Recover(kSize, used_index_);
    CutStores::left = INT_MAX;
    return found;
  }

  // Checks that `found` is what was taken and not published. All that was
  // taken before the end must be in it; the last one may be.
  void Check(const std::vector<InflightRequest>& found, bool last_is_sure) {
    const size_t published = static_cast<uint16_t>(used_index_ - kFirstUsed);
    const size_t count = published + found.size();
    const size_t least = last_is_sure ? taken_.size() : taken_.size() - 1;
    ASSERT_GE(count, least);
    ASSERT_LE(count, taken_.size());
    std::vector<size_t> open;  // indices into taken_
    for (size_t i = 0; i < count; ++i) open.push_back(i);
    for (size_t i = 0; i < published; ++i) {
      open.erase(std::find(open.begin(), open.end(), answered_[i]));
    }
    ASSERT_EQ(open.size(), found.size());
    for (size_t i = 0; i < open.size(); ++i) {
      ASSERT_EQ(found[i].entry, taken_[open[i]]);
    }
  }

  const std::vector<uint16_t>& taken() const { return taken_; }
  bool last_is_sure() const { return !taking_; }

 private:
  std::vector<size_t> PendingIndices() const {
    std::vector<size_t> pending;
    for (size_t i = 0; i < taken_.size(); ++i) {
      if (!std::count(answered_.begin(), answered_.end(), i)) {
        pending.push_back(i);
      }
    }
    return pending;
  }
  std::vector<uint16_t> Pending() const {
    std::vector<uint16_t> heads;
    for (const size_t i : PendingIndices()) heads.push_back(taken_[i]);
    return heads;
  }
  void Answer(std::vector<uint16_t> heads) {
    if (CutStores::left == 0) return;
    for (const uint16_t head : heads) {
      inflight_.AddToBatch(head);
      for (const size_t i : PendingIndices()) {
        if (taken_[i] == head) {
          answered_.push_back(i);
          break;
        }
      }
    }
    // The ring's index is one store, too.
    uint16_t used = used_index_ + static_cast<uint16_t>(heads.size());
    CutStores::Store(reinterpret_cast<char*>(&used_index_), used);
    inflight_.Finish(used);
  }

  AlignedMemory memory_;
  Inflight inflight_{memory_.bytes(), kSize};
  uint16_t used_index_ = 0;
  std::vector<uint16_t> taken_;   // heads, in order
  std::vector<size_t> answered_;  // indices into taken_, in order
  bool taking_ = false;
};

// Runs a history with so many stores. Returns whether they were enough.
bool RunHistory(const std::vector<int>& history, int stores, Device* device) {
  CutStores::left = stores;
  for (const int step : history) {
    if (CutStores::left == 0) break;
    device->Do(step);
  }
  const bool enough = CutStores::left > 0;
  CutStores::left = INT_MAX;
  return enough;
}

TEST(SplitInflightTest, EveryCutLeavesWhatWasTakenAndNotPublished) {
  ForEachSequence(6, Device::kSteps, [](const std::vector<int>& history) {
    for (int stores = 0;; ++stores) {
      Device device;
      const bool enough = RunHistory(history, stores, &device);
      const auto found = device.Restart();
      ASSERT_THAT(found, IsOk());
      device.Check(*found, device.last_is_sure());
      if (::testing::Test::HasFatalFailure() || enough) return;
    }
  });
}

TEST(SplitInflightTest, EveryCutOfARecoveryLeavesTheSame) {
  ForEachSequence(5, Device::kSteps, [](const std::vector<int>& history) {
    for (int stores = 0;; ++stores) {
      Device device;
      const bool enough = RunHistory(history, stores, &device);
      for (int recovered = 0; recovered <= kSize + 1; ++recovered) {
        ASSERT_THAT(device.Restart(recovered), IsOk());
        const auto found = device.Restart();
        ASSERT_THAT(found, IsOk());
        device.Check(*found, device.last_is_sure());
        if (::testing::Test::HasFatalFailure()) return;
      }
      if (enough) return;
    }
  });
}

class SplitInflightRegionTest : public ::testing::Test {
 protected:
  SplitInflightRegionTest() : memory_(InflightStride(false, kSize)) {
    SplitInflight inflight(memory_.bytes(), kSize);
    EXPECT_THAT(inflight.Recover(kSize, 0), IsOk());
    inflight.Begin();
    inflight.Take(2);
    inflight.Take(0);
    inflight.Take(3);
    inflight.AddToBatch(0);
    inflight.Finish(1);
  }

  absl::StatusOr<std::vector<InflightRequest>> Recover(uint16_t used = 1,
                                                       uint32_t size = kSize) {
    return SplitInflight(memory_.bytes(), kSize).Recover(size, used);
  }
  template <typename T>
  void Put(size_t offset, T value) {
    std::memcpy(memory_.bytes() + offset, &value, sizeof(value));
  }
  static size_t EntryOffset(size_t entry, size_t member) {
    return sizeof(SplitInflightHeader) + 16 * entry + member;
  }

  AlignedMemory memory_;
};

TEST_F(SplitInflightRegionTest, RequestsComeInTheOrderOfTheirCounters) {
  const auto found = Recover();
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Heads(*found), ElementsAre(2, 3));
}

TEST_F(SplitInflightRegionTest, CountersMayWrapAround) {
  Put(EntryOffset(2, 8), uint64_t{UINT64_MAX});
  Put(EntryOffset(3, 8), uint64_t{0});
  const auto found = Recover();
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Heads(*found), ElementsAre(2, 3));
}

// libvhost-user records the size of the memory, and the last head alone.
TEST_F(SplitInflightRegionTest, MemoryOfLibvhostUserIsRecovered) {
  Put(offsetof(SplitInflightHeader, desc_num), uint16_t{kSize});
  Put(offsetof(SplitInflightHeader, last_batch_head), uint16_t{1});
  const auto found = Recover(2, 4);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(Heads(*found), ElementsAre(2, 3));
}

TEST_F(SplitInflightRegionTest, DamageIsRefusedAndNothingIsWritten) {
  const std::vector<char> before(memory_.bytes(),
                                 memory_.bytes() + memory_.size());
  const struct {
    const char* what;
    size_t offset;
    uint16_t value;
    uint16_t used;
  } kDamages[] = {
      {"more entries than memory", 10, kSize + 1, 1},
      {"fewer entries than descriptors", 10, kSize - 1, 1},
      {"an answer beyond the ring", 12, kSize, 2},
      {"more answers than the ring has", 14, 100, 1},
      {"a state that is none", EntryOffset(1, 0), 2, 1},
      {"two equal counters", EntryOffset(3, 8), 0, 1},
  };
  for (const auto& damage : kDamages) {
    std::memcpy(memory_.bytes(), before.data(), before.size());
    Put(damage.offset, damage.value);
    const std::vector<char> damaged(memory_.bytes(),
                                    memory_.bytes() + memory_.size());
    EXPECT_THAT(Recover(damage.used), StatusIs(absl::StatusCode::kDataLoss))
        << damage.what;
    EXPECT_EQ(std::memcmp(memory_.bytes(), damaged.data(), damaged.size()), 0)
        << damage.what;
  }
}

TEST_F(SplitInflightRegionTest, LoopOfAnswersIsRefused) {
  Put(offsetof(SplitInflightHeader, last_batch_head), uint16_t{2});
  Put(EntryOffset(2, 6), uint16_t{2});
  EXPECT_THAT(Recover(4), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SplitInflightRegionTest, RingLargerThanTheMemoryIsRefused) {
  EXPECT_THAT(Recover(1, 2 * kSize),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SplitInflightRegionTest, NewerVersionIsRefused) {
  Put(offsetof(SplitInflightHeader, version), uint16_t{2});
  EXPECT_THAT(Recover(), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(SplitInflightRegionTest, EveryFlippedBitIsRefusedOrBounded) {
  const std::vector<char> before(memory_.bytes(),
                                 memory_.bytes() + memory_.size());
  for (size_t bit = 0; bit < 8 * before.size(); ++bit) {
    for (const uint16_t used : {1, 2, 3}) {
      std::memcpy(memory_.bytes(), before.data(), before.size());
      memory_.bytes()[bit / 8] ^= static_cast<char>(1 << bit % 8);
      const auto found = Recover(used);
      if (!found.ok()) continue;
      const std::vector<uint16_t> heads = Heads(*found);
      EXPECT_EQ(std::set<uint16_t>(heads.begin(), heads.end()).size(),
                heads.size());
      for (const uint16_t head : heads) EXPECT_LT(head, kSize);
    }
  }
}

// Whoever shares the memory may write to it at any time.
TEST(SplitInflightTest, IsFreshIfRecoveryFoundItFresh) {
  AlignedMemory memory(InflightStride(false, kSize));
  Inflight inflight(memory.bytes(), kSize);
  ASSERT_THAT(inflight.Recover(kSize, kFirstUsed), IsOk());
  memory.bytes()[offsetof(SplitInflightHeader, version)] = kInflightVersion;
  EXPECT_TRUE(inflight.fresh());
}

}  // namespace
}  // namespace devstate::recovery
