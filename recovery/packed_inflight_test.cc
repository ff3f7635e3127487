// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A small model of a ring and its driver is run through all short histories,
// and the process is ended between any two of its stores.

#include "devstate/recovery/packed_inflight.h"

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
using virtqueue::Advance;
using virtqueue::Chain;
using virtqueue::PackedPlace;
using Inflight = BasicPackedInflight<CutStores>;

constexpr uint16_t kSize = 3;

struct Found {
  absl::Status status;
  std::vector<InflightRequest> requests;
  PackedPlace place;
};

// The flags of a descriptor, as far as they say who has it.
enum Flags : char { kNone = 0, kAvailable0, kAvailable1, kUsed0, kUsed1 };

class Ring {
 public:
  enum Step {
    kMake1,
    kMake2,
    kMake3,
    kTake,
    kAnswerOldest,
    kAnswerNewest,
    kSteps
  };

  Ring() : memory_(InflightStride(true, kSize)) {
    PackedPlace place;
    EXPECT_THAT(inflight_.Recover(
                    kSize, [](PackedPlace) { return true; }, &place),
                IsOk());
    inflight_.Begin();
  }

  void Do(int step) {
    switch (step) {
      case kMake1:
      case kMake2:
      case kMake3:
        Make(step - kMake1 + 1);
        return;
      case kTake: {
        if (taken_ == chains_.size()) return;
        sure_ = false;
        entries_.push_back(inflight_.Take(chains_[taken_]));
        ++taken_;
        open_.push_back(taken_ - 1);
        if (CutStores::left > 0) sure_ = true;
        return;
      }
      default: {
        if (open_.empty()) return;
        const auto which =
            step == kAnswerOldest ? open_.begin() : open_.end() - 1;
        const size_t chain = *which;
        open_.erase(which);
        inflight_.Answer(entries_[chain]);
        if (CutStores::left > 0) {
          published_.push_back(chain);
          Publish(chain);
        }
        inflight_.Finish(entries_[chain]);
        return;
      }
    }
  }

  // The driver makes a chain available if there is room.
  void Make(uint16_t length) {
    uint32_t used = 0;
    for (size_t i = 0; i < chains_.size(); ++i) {
      if (std::count(published_.begin(), published_.end(), i) == 0) {
        used += chains_[i].descriptors.size();
      }
    }
    if (used + length > kSize) return;
    Chain& chain = chains_.emplace_back();
    chain.id = static_cast<uint16_t>(100 + chains_.size());
    for (uint16_t i = 0; i < length; ++i) {
      chain.descriptors.push_back({0x1000u * chains_.size(), i + 1u, i});
      flags_[driver_.index] = driver_.wrap ? kAvailable1 : kAvailable0;
      driver_ = Advance(driver_, 1, kSize);
    }
  }

  Found Restart(int stores = INT_MAX) {
    Found found;
    found.place = {};  // a front-end does not know it
    CutStores::left = stores;
    Inflight inflight(memory_.bytes(), kSize);
    auto requests = inflight.Recover(
        kSize,
        [this](PackedPlace place) {
          return flags_[place.index] ==
                 (place.wrap ? kAvailable1 : kAvailable0);
        },
        &found.place);
    CutStores::left = INT_MAX;
    found.status = requests.status();
    if (requests.ok()) found.requests = *std::move(requests);
    return found;
  }

  void Check(const Found& found) {
    ASSERT_THAT(found.status, IsOk());
    ASSERT_EQ(found.place, device_);
    // What was taken and not published, in order; the last may be missing.
    std::vector<size_t> expected;
    for (size_t i = 0; i < taken_; ++i) {
      if (std::count(published_.begin(), published_.end(), i) == 0) {
        expected.push_back(i);
      }
    }
    if (!sure_ && found.requests.size() + 1 == expected.size()) {
      expected.pop_back();
    }
    ASSERT_EQ(found.requests.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const Chain& chain = chains_[expected[i]];
      const Chain& got = found.requests[i].chain;
      ASSERT_EQ(got.id, chain.id);
      ASSERT_EQ(got.descriptors.size(), chain.descriptors.size());
      for (size_t d = 0; d < chain.descriptors.size(); ++d) {
        ASSERT_EQ(got.descriptors[d].address, chain.descriptors[d].address);
        ASSERT_EQ(got.descriptors[d].length, chain.descriptors[d].length);
        ASSERT_EQ(got.descriptors[d].flags, chain.descriptors[d].flags);
      }
    }
  }

 private:
  // The flags are one store.
  void Publish(size_t chain) {
    const char flags = device_.wrap ? kUsed1 : kUsed0;
    CutStores::Store(&flags_[device_.index], flags);
    device_ = Advance(device_, chains_[chain].descriptors.size(), kSize);
  }

  AlignedMemory memory_;
  Inflight inflight_{memory_.bytes(), kSize};
  char flags_[kSize] = {};
  PackedPlace driver_;
  PackedPlace device_;  // where the next answer goes
  std::vector<Chain> chains_;
  std::vector<uint16_t> entries_;
  size_t taken_ = 0;
  std::vector<size_t> open_;
  std::vector<size_t> published_;
  bool sure_ = true;  // the last Take() was not cut off
};

// Runs a history with so many stores. Returns whether they were enough.
bool RunHistory(const std::vector<int>& history, int stores, Ring* ring) {
  CutStores::left = stores;
  for (const int step : history) {
    if (CutStores::left == 0) break;
    ring->Do(step);
  }
  const bool enough = CutStores::left > 0;
  CutStores::left = INT_MAX;
  return enough;
}

TEST(PackedInflightTest, EveryCutLeavesWhatWasTakenAndNotPublished) {
  ForEachSequence(6, Ring::kSteps, [](const std::vector<int>& history) {
    for (int stores = 0;; ++stores) {
      Ring ring;
      const bool enough = RunHistory(history, stores, &ring);
      ring.Check(ring.Restart());
      if (::testing::Test::HasFatalFailure() || enough) return;
    }
  });
}

// The driver goes on while there is no device, and its new descriptors lie
// where the last answer was.
TEST(PackedInflightTest, TheDriverMayGoOnBeforeTheRecovery) {
  ForEachSequence(6, Ring::kSteps, [](const std::vector<int>& history) {
    for (int stores = 0;; ++stores) {
      Ring ring;
      const bool enough = RunHistory(history, stores, &ring);
      for (int i = 0; i < kSize; ++i) ring.Make(1);
      ring.Check(ring.Restart());
      if (::testing::Test::HasFatalFailure() || enough) return;
    }
  });
}

TEST(PackedInflightTest, EveryCutOfARecoveryLeavesTheSame) {
  ForEachSequence(5, Ring::kSteps, [](const std::vector<int>& history) {
    for (int stores = 0;; ++stores) {
      Ring ring;
      const bool enough = RunHistory(history, stores, &ring);
      for (int recovered = 0; recovered <= kSize + 2; ++recovered) {
        ring.Restart(recovered);
        ring.Check(ring.Restart());
        if (::testing::Test::HasFatalFailure()) return;
      }
      if (enough) return;
    }
  });
}

class PackedInflightRegionTest : public ::testing::Test {
 protected:
  static constexpr uint16_t kEntries = 4;

  PackedInflightRegionTest() : memory_(InflightStride(true, kEntries)) {
    PackedInflight inflight(memory_.bytes(), kEntries);
    PackedPlace place;
    EXPECT_THAT(inflight.Recover(
                    kEntries, [](PackedPlace) { return true; }, &place),
                IsOk());
    inflight.Begin();
    Chain chain;
    chain.id = 7;
    chain.descriptors = {{0x1000, 16, 1}, {0x2000, 512, 0}};
    const uint16_t first = inflight.Take(chain);
    chain.id = 9;
    chain.descriptors.resize(1);
    inflight.Take(chain);
    inflight.Answer(first);
    inflight.Finish(first);
    chain.id = 8;
    inflight.Take(chain);
    before_.assign(memory_.bytes(), memory_.bytes() + memory_.size());
  }

  absl::StatusOr<std::vector<InflightRequest>> Recover(bool available) {
    PackedPlace place;
    return PackedInflight(memory_.bytes(), kEntries)
        .Recover(
            kEntries, [available](PackedPlace) { return available; }, &place);
  }

  AlignedMemory memory_;
  std::vector<char> before_;
};

TEST_F(PackedInflightRegionTest, EveryFlippedBitIsRefusedOrBounded) {
  for (size_t bit = 0; bit < 8 * before_.size(); ++bit) {
    for (const bool available : {false, true}) {
      std::memcpy(memory_.bytes(), before_.data(), before_.size());
      memory_.bytes()[bit / 8] ^= static_cast<char>(1 << bit % 8);
      const auto found = Recover(available);
      if (!found.ok()) continue;
      size_t descriptors = 0;
      for (const InflightRequest& request : *found) {
        EXPECT_LT(request.entry, kEntries);
        descriptors += request.chain.descriptors.size();
      }
      EXPECT_LE(descriptors, kEntries);
    }
  }
}

TEST_F(PackedInflightRegionTest, EveryIndexIsBounded) {
  const size_t entries = sizeof(PackedInflightHeader);
  std::vector<size_t> indices = {10, 12, 14, 16, 18};
  for (size_t i = 0; i < kEntries; ++i) {
    for (const size_t member : {2, 4, 6}) {
      indices.push_back(entries + 32 * i + member);
    }
  }
  for (const size_t offset : indices) {
    for (uint32_t value = 0; value <= UINT16_MAX; value += 1 + value / 16) {
      std::memcpy(memory_.bytes(), before_.data(), before_.size());
      const auto number = static_cast<uint16_t>(value);
      std::memcpy(memory_.bytes() + offset, &number, sizeof(number));
      const auto found = Recover(true);
      if (!found.ok()) continue;
      for (const InflightRequest& request : *found) {
        EXPECT_LT(request.entry, kEntries);
        EXPECT_LE(request.chain.descriptors.size(), kEntries);
      }
    }
  }
}

TEST_F(PackedInflightRegionTest, DamageIsRefusedAndNothingIsWritten) {
  // A free entry leads to itself.
  const uint16_t next = 1;
  std::memcpy(memory_.bytes() + sizeof(PackedInflightHeader) + 32 + 2, &next,
              sizeof(next));
  const std::vector<char> damaged(memory_.bytes(),
                                  memory_.bytes() + memory_.size());
  EXPECT_THAT(Recover(true), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(std::memcmp(memory_.bytes(), damaged.data(), damaged.size()), 0);
}

TEST_F(PackedInflightRegionTest, NewerVersionIsRefused) {
  memory_.bytes()[offsetof(PackedInflightHeader, heads)] = 2;
  EXPECT_THAT(Recover(true), StatusIs(absl::StatusCode::kUnimplemented));
}

// Whoever shares the memory may write to it at any time.
TEST(PackedInflightTest, IsFreshIfRecoveryFoundItFresh) {
  AlignedMemory memory(InflightStride(true, kSize));
  Inflight inflight(memory.bytes(), kSize);
  PackedPlace place;
  ASSERT_THAT(inflight.Recover(
                  kSize, [](PackedPlace) { return true; }, &place),
              IsOk());
  memory.bytes()[offsetof(PackedInflightHeader, heads)] = kInflightVersion;
  EXPECT_TRUE(inflight.fresh());
}

}  // namespace
}  // namespace devstate::recovery
