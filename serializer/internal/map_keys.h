// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The check for keys of a map that occur twice. Maps in columns are repeated
// entries, so a key could. Protobuf parsers of one language would keep the last
// entry, those of others the first.

#ifndef DEVSTATE_SERIALIZER_INTERNAL_MAP_KEYS_H_
#define DEVSTATE_SERIALIZER_INTERNAL_MAP_KEYS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/types/span.h"

namespace devstate {

// Returns the first row in which a key occurs twice, or the number of rows.
// `keys` are those of all rows, one after the other. `counts` says how many
// keys each row has.
template <typename Key>
size_t FirstRowWithKeyTwice(absl::Span<const uint32_t> counts,
                            std::vector<Key> keys) {
  auto begin = keys.begin();
  for (size_t row = 0; row < counts.size(); ++row) {
    const auto end = begin + static_cast<std::ptrdiff_t>(counts[row]);
    // Writers put entries into ascending order of key, so that there is mostly
    // nothing to sort.
    if (std::adjacent_find(begin, end, std::greater_equal<>()) != end) {
      std::sort(begin, end);
      if (std::adjacent_find(begin, end) != end) return row;
    }
    begin = end;
  }
  return counts.size();
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_MAP_KEYS_H_
