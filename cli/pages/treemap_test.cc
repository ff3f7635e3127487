// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/treemap.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace devstate {
namespace {

constexpr Tile kWhole = {0, 0, 160, 100};
constexpr double kLittle = 1e-6;

double Area(const Tile& tile) { return tile.width * tile.height; }

double Overlap(const Tile& a, const Tile& b) {
  const auto common = [](double a, double a_size, double b, double b_size) {
    return std::max(0.0, std::min(a + a_size, b + b_size) - std::max(a, b));
  };
  return common(a.left, a.width, b.left, b.width) *
         common(a.top, a.height, b.top, b.height);
}

void Check(const std::vector<double>& sizes) {
  const std::vector<Tile> tiles = DivideIntoTiles(sizes, kWhole);
  ASSERT_EQ(tiles.size(), sizes.size());
  const double sum = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  for (size_t i = 0; i < tiles.size(); ++i) {
    EXPECT_NEAR(Area(tiles[i]), sizes[i] / sum * Area(kWhole), kLittle) << i;
    EXPECT_NEAR(Overlap(tiles[i], kWhole), Area(tiles[i]), kLittle) << i;
    for (size_t j = 0; j < i; ++j) {
      EXPECT_LT(Overlap(tiles[i], tiles[j]), kLittle) << i << ", " << j;
    }
  }
}

TEST(TreemapTest, AreasAreTheSizesAndDoNotOverlap) {
  Check({1});
  Check({1, 1});
  Check({6, 6, 4, 3, 2, 2, 1});
  Check({1e12, 5, 1});
  Check(std::vector<double>(100, 1.0));
}

TEST(TreemapTest, ZerosHaveNoArea) {
  Check({3, 0, 0});
  Check({3, 2, 1, 0});
}

TEST(TreemapTest, AnySizesAreDivided) {
  std::mt19937_64 random(2026);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> sizes(1 + random() % 60);
    for (double& size : sizes) {
      size = static_cast<double>(random() % 1000 * (random() % 1000));
    }
    sizes[0] += 1;
    std::sort(sizes.begin(), sizes.end(), std::greater<double>());
    Check(sizes);
  }
}

TEST(TreemapTest, TilesAreNearToSquares) {
  for (const Tile& tile :
       DivideIntoTiles({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4})) {
    const double ratio = tile.width / tile.height;
    EXPECT_LT(std::max(ratio, 1 / ratio), 3);
  }
}

}  // namespace
}  // namespace devstate
