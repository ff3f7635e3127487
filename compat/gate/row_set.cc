// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/row_set.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace devstate {

RowSet RowSet::Select(const std::vector<uint8_t>& keep) const {
  if (keep.empty() || std::memchr(keep.data(), 0, keep.size()) == nullptr) {
    return *this;
  }
  RowSet selected;
  selected.all_ = false;
  for (size_t i = 0; i < keep.size(); ++i) {
    if (keep[i] != 0) {
      selected.rows_.push_back(static_cast<uint32_t>((*this)[i]));
    }
  }
  selected.size_ = selected.rows_.size();
  return selected;
}

void RowSet::Add(const RowSet& other) {
  if (other.size_ == 0 || (all_ && size_ != 0)) return;
  if (other.all_ || size_ == 0) {
    *this = other;
    return;
  }
  std::vector<uint32_t> rows;
  rows.reserve(std::max(size_, other.size_));
  std::set_union(rows_.begin(), rows_.end(), other.rows_.begin(),
                 other.rows_.end(), std::back_inserter(rows));
  rows_ = std::move(rows);
  size_ = rows_.size();
}

std::vector<uint32_t> RowSet::IndicesOf(const RowSet& subset) const {
  std::vector<uint32_t> indices(subset.size());
  size_t index = 0;
  for (size_t i = 0; i < subset.size(); ++i) {
    while ((*this)[index] != subset[i]) ++index;
    indices[i] = static_cast<uint32_t>(index);
  }
  return indices;
}

}  // namespace devstate
