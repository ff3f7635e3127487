// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/treemap.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace devstate {
namespace {

// The worst ratio of the sides of tiles in a row along a side of length `side`.
// The areas are from `least` to `most` and have the sum `sum`.
double WorstRatio(double side, double sum, double least, double most) {
  const double thickness = sum / side;
  return std::max(most / (thickness * thickness),
                  thickness * thickness / std::max(least, 1e-12));
}

}  // namespace

std::vector<Tile> DivideIntoTiles(const std::vector<double>& sizes,
                                  const Tile& whole) {
  std::vector<Tile> tiles;
  Tile left = whole;
  const double scale = whole.width * whole.height /
                       std::accumulate(sizes.begin(), sizes.end(), 0.0);
  for (size_t first = 0; first < sizes.size();) {
    const bool stacked = left.width >= left.height;
    const double side = stacked ? left.height : left.width;
    double sum = sizes[first] * scale;
    size_t end = first + 1;
    if (sum <= 0 || side <= 0) {  // Nothing is left but zeros.
      tiles.push_back({left.left, left.top, 0, 0});
      first = end;
      continue;
    }
    double ratio = WorstRatio(side, sum, sum, sum);
    for (; end < sizes.size(); ++end) {
      const double area = sizes[end] * scale;
      const double longer =
          WorstRatio(side, sum + area, area, sizes[first] * scale);
      if (longer > ratio) break;
      ratio = longer;
      sum += area;
    }
    const double thickness =
        end == sizes.size() ? (stacked ? left.width : left.height) : sum / side;
    double offset = 0;
    for (size_t i = first; i < end; ++i) {
      const double length = side * sizes[i] * scale / sum;
      tiles.push_back(
          stacked ? Tile{left.left, left.top + offset, thickness, length}
                  : Tile{left.left + offset, left.top, length, thickness});
      offset += length;
    }
    if (stacked) {
      left.left += thickness;
      left.width -= thickness;
    } else {
      left.top += thickness;
      left.height -= thickness;
    }
    first = end;
  }
  return tiles;
}

}  // namespace devstate
