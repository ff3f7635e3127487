// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/row_set.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

using ::testing::ElementsAre;

std::vector<size_t> Rows(const RowSet& set) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < set.size(); ++i) rows.push_back(set[i]);
  return rows;
}

TEST(RowSetTest, SelectionsOfSelectionsNameRowsOfTheWhole) {
  const RowSet all(5);
  EXPECT_THAT(Rows(all), ElementsAre(0, 1, 2, 3, 4));
  const RowSet some = all.Select({1, 0, 1, 0, 1});
  EXPECT_THAT(Rows(some), ElementsAre(0, 2, 4));
  EXPECT_THAT(Rows(some.Select({0, 1, 1})), ElementsAre(2, 4));
  EXPECT_EQ(some.Select({0, 0, 0}).size(), 0u);
  EXPECT_EQ(some.Select({1, 1, 1}), some);
  EXPECT_NE(some, all);
}

TEST(RowSetTest, AddedRowsAreThoseOfBoth) {
  const RowSet all(4);
  const RowSet even = all.Select({1, 0, 1, 0});
  const RowSet odd = all.Select({0, 1, 0, 1});
  RowSet set;
  set.Add(even);
  EXPECT_EQ(set, even);
  set.Add(RowSet());
  EXPECT_EQ(set, even);
  set.Add(all.Select({1, 1, 0, 0}));
  EXPECT_THAT(Rows(set), ElementsAre(0, 1, 2));
  set.Add(odd);
  EXPECT_EQ(set, all);
  set.Add(even);
  EXPECT_EQ(set, all);
  set = even;
  set.Add(all);
  EXPECT_EQ(set, all);
}

TEST(RowSetTest, IndicesAreThoseInTheLargerSet) {
  const RowSet all(5);
  const RowSet some = all.Select({1, 0, 1, 0, 1});
  EXPECT_THAT(all.IndicesOf(some), ElementsAre(0, 2, 4));
  EXPECT_THAT(some.IndicesOf(some.Select({0, 1, 1})), ElementsAre(1, 2));
  EXPECT_THAT(some.IndicesOf(RowSet()), ElementsAre());
}

}  // namespace
}  // namespace devstate
