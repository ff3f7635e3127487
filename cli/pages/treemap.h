// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_PAGES_TREEMAP_H_
#define DEVSTATE_CLI_PAGES_TREEMAP_H_

#include <vector>

namespace devstate {

struct Tile {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
};

// Divides `whole` into a tile for each size, with areas in the proportion of
// the sizes, as near to squares as rows of them allow ("squarified treemap":
// Bruls, Huizing, van Wijk 2000). The tiles fill the whole and do not overlap.
// Requires: `sizes` descend, are not negative, and the first is not zero.
std::vector<Tile> DivideIntoTiles(const std::vector<double>& sizes,
                                  const Tile& whole);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_TREEMAP_H_
