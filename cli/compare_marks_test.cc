// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/compare_marks.h"

#include <map>
#include <random>
#include <vector>

#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::devstate::testing::StatusIs;

using Marks = std::vector<RecordMark>;

// Counts how often it is read.
MarkSource Source(const Marks& marks, int* times = nullptr) {
  return [&marks, times](const RecordMarker::OnMark& on_mark) {
    if (times != nullptr) ++*times;
    for (const RecordMark& mark : marks) on_mark(mark);
    return absl::OkStatus();
  };
}

// Of few keys, so that many occur several times.
Marks Draw(std::mt19937_64& random, size_t count) {
  Marks marks;
  for (size_t i = 0; i < count; ++i) {
    marks.push_back({random() % (count + 1), random() % 3, i});
  }
  return marks;
}

std::vector<uint64_t> Positions(const std::vector<MarkedRecord>& records) {
  std::vector<uint64_t> positions;
  for (const MarkedRecord& record : records) {
    positions.push_back(record.position);
  }
  return positions;
}

// By key and how often it came before.
std::map<std::pair<uint64_t, uint64_t>, RecordMark> Told(const Marks& marks) {
  std::map<uint64_t, uint64_t> seen;
  std::map<std::pair<uint64_t, uint64_t>, RecordMark> told;
  for (const RecordMark& mark : marks)
    told[{mark.key, seen[mark.key]++}] = mark;
  return told;
}

TEST(CompareMarks, FindsWhatAPlainComparisonFindsWhateverFitsIntoMemory) {
  std::mt19937_64 random(20261201);
  for (int round = 0; round < 300; ++round) {
    const Marks a = Draw(random, random() % 60);
    const Marks b = Draw(random, random() % 60);
    const auto told_a = Told(a);
    const auto told_b = Told(b);
    std::map<uint64_t, bool> added, removed;
    std::map<uint64_t, std::pair<bool, uint64_t>> changed;
    for (const auto& [name, mark] : told_a) {
      const auto other = told_b.find(name);
      if (other == told_b.end()) {
        removed[mark.position] = name.second != 0;
      } else if (other->second.content != mark.content) {
        changed[mark.position] = {name.second != 0, other->second.position};
      }
    }
    for (const auto& [name, mark] : told_b) {
      if (told_a.count(name) == 0) added[mark.position] = name.second != 0;
    }
    for (const size_t max_marks : {size_t{0}, size_t{7}, kMaxMarks}) {
      const auto found = CompareMarks(Source(a), Source(b), 1000, max_marks);
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(found->added, added.size());
      EXPECT_EQ(found->removed, removed.size());
      EXPECT_EQ(found->changed, changed.size());
      std::map<uint64_t, bool> found_added, found_removed;
      std::map<uint64_t, std::pair<bool, uint64_t>> found_changed;
      for (const MarkedRecord& record : found->first_added) {
        found_added[record.position] = record.again;
      }
      for (const MarkedRecord& record : found->first_removed) {
        found_removed[record.position] = record.again;
      }
      for (const MarkDifferences::Change& change : found->first_changed) {
        found_changed[change.before.position] = {change.before.again,
                                                 change.after};
      }
      EXPECT_EQ(found_added, added);
      EXPECT_EQ(found_removed, removed);
      EXPECT_EQ(found_changed, changed);
    }
  }
}

TEST(CompareMarks, KeepsTheFirstOnesOfEachKindAndCountsAll) {
  Marks a, b;
  for (uint64_t i = 0; i < 5000; ++i) {
    a.push_back({i * 7919, 1, i});
    b.push_back({(i + 2500) * 7919, i % 2, i});
  }
  for (const size_t max_marks : {size_t{100}, kMaxMarks}) {
    const auto found = CompareMarks(Source(a), Source(b), 3, max_marks);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->added, 2500u);
    EXPECT_EQ(found->removed, 2500u);
    EXPECT_EQ(found->changed, 1250u);
    EXPECT_THAT(Positions(found->first_removed),
                ::testing::ElementsAre(0, 1, 2));
    EXPECT_THAT(Positions(found->first_added),
                ::testing::ElementsAre(2500, 2501, 2502));
    ASSERT_EQ(found->first_changed.size(), 3u);
    EXPECT_EQ(found->first_changed[2].before.position, 2504u);
    EXPECT_EQ(found->first_changed[2].after, 4u);
  }
}

TEST(CompareMarks, ReadsStatesOnceIfTheirMarksFit) {
  Marks marks;
  for (uint64_t i = 0; i < 1000; ++i) marks.push_back({i * 7919, 1, i});
  for (const auto& [max_marks, times] :
       {std::pair<size_t, int>{2000, 1}, std::pair<size_t, int>{1999, 2}}) {
    int of_a = 0;
    int of_b = 0;
    const auto found =
        CompareMarks(Source(marks, &of_a), Source(marks, &of_b), 9, max_marks);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(of_a, times);
    EXPECT_EQ(of_b, times);
  }
}

TEST(CompareMarks, EndsIfAllRecordsHaveTheSameKey) {
  Marks marks;
  for (uint64_t i = 0; i < 100; ++i) marks.push_back({5, 1, i});
  const auto found = CompareMarks(Source(marks), Source(marks), 9, 10);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->added + found->removed + found->changed, 0u);
}

TEST(CompareMarks, ReturnsTheErrorOfASource) {
  const Marks marks;
  const MarkSource broken = [](const RecordMarker::OnMark&) {
    return absl::DataLossError("cut");
  };
  EXPECT_THAT(CompareMarks(Source(marks), broken, 1).status(),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace devstate
