// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_ROW_SET_H_
#define DEVSTATE_COMPAT_GATE_ROW_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace devstate {

// Some of the rows of a batch, or of the elements of a repeated field in one,
// in ascending order. A set of all rows takes no memory.
class RowSet {
 public:
  // Makes a set of all of `size` rows.
  explicit RowSet(size_t size = 0) : size_(size) {}

  size_t size() const { return size_; }
  size_t operator[](size_t i) const { return all_ ? i : rows_[i]; }

  // Returns the rows whose element of `keep` is not 0. Requires: `keep` has
  // size() elements.
  RowSet Select(const std::vector<uint8_t>& keep) const;

  // Adds the rows of `other`, a set of rows of the same batch or field.
  void Add(const RowSet& other);

  // Returns the index in this set of each row of `subset`.
  std::vector<uint32_t> IndicesOf(const RowSet& subset) const;

  friend bool operator==(const RowSet& a, const RowSet& b) {
    return a.size_ == b.size_ && (a.all_ || b.all_ || a.rows_ == b.rows_);
  }
  friend bool operator!=(const RowSet& a, const RowSet& b) { return !(a == b); }

 private:
  bool all_ = true;
  size_t size_;
  // The rows, if they are not all.
  std::vector<uint32_t> rows_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_ROW_SET_H_
