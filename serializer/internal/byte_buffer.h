// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_BYTE_BUFFER_H_
#define DEVSTATE_SERIALIZER_INTERNAL_BYTE_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "absl/strings/string_view.h"

namespace devstate {

// A growing array of T that never fills its memory with zeros: pages that no
// state needs are never touched, which is what makes small states cheap.
template <typename T>
class UninitializedBuffer {
 public:
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

  void clear() { size_ = 0; }

  // Grows the capacity to at least `capacity`; keeps the content.
  void Reserve(size_t capacity) {
    if (capacity > capacity_) Grow(capacity);
  }

  // The new elements have no value yet.
  void ResizeUninitialized(size_t size) {
    Reserve(size);
    size_ = size;
  }

  // Appends `count` elements without value and returns the first.
  T* Extend(size_t count) {
    Reserve(size_ + count);
    T* first = data_.get() + size_;
    size_ += count;
    return first;
  }

  void push_back(T value) {
    if (size_ == capacity_) Grow(size_ + 1);
    data_[size_++] = value;
  }

 private:
  __attribute__((noinline)) void Grow(size_t capacity) {
    capacity = std::max({capacity, capacity_ * 2, size_t{64}});
    std::unique_ptr<T[]> data(new T[capacity]);
    if (size_ != 0) std::memcpy(data.get(), data_.get(), size_ * sizeof(T));
    data_ = std::move(data);
    capacity_ = capacity;
  }

  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

class ByteBuffer : public UninitializedBuffer<char> {
 public:
  void Append(absl::string_view bytes) {
    if (!bytes.empty()) {
      std::memcpy(Extend(bytes.size()), bytes.data(), bytes.size());
    }
  }
  absl::string_view view() const { return {data(), size()}; }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_BYTE_BUFFER_H_
