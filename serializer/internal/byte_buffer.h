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

// A growing array of T that never fills its memory with zeros. Pages that no
// state needs are never touched, so small states are cheap.
template <typename T>
class UninitializedBuffer {
 public:
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return static_cast<size_t>(end_ - data_.get()); }
  size_t capacity() const { return static_cast<size_t>(limit_ - data_.get()); }
  bool empty() const { return end_ == data_.get(); }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

  void clear() { end_ = data_.get(); }

  // Grows the capacity to at least `capacity`; keeps the content.
  void Reserve(size_t capacity) {
    if (capacity > this->capacity()) Grow(capacity);
  }

  // Sets the size. New elements have no value yet.
  void ResizeUninitialized(size_t size) {
    Reserve(size);
    end_ = data_.get() + size;
  }

  // Appends `count` elements without value and returns the first.
  T* Extend(size_t count) {
    if (count > static_cast<size_t>(limit_ - end_)) Grow(size() + count);
    T* first = end_;
    end_ += count;
    return first;
  }

  void RemoveSuffix(size_t count) { end_ -= count; }

  void push_back(T value) {
    if (end_ == limit_) Grow(size() + 1);
    *end_++ = value;
  }

 private:
  __attribute__((noinline)) void Grow(size_t capacity) {
    const size_t size = this->size();
    capacity = std::max({capacity, this->capacity() * 2, size_t{64}});
    std::unique_ptr<T[]> data(new T[capacity]);
    if (size != 0) std::memcpy(data.get(), data_.get(), size * sizeof(T));
    data_ = std::move(data);
    end_ = data_.get() + size;
    limit_ = data_.get() + capacity;
  }

  std::unique_ptr<T[]> data_;
  // Pointers, not counts: a store of a number cannot alias them, so the
  // compiler keeps them in registers while numbers are appended.
  T* end_ = nullptr;
  T* limit_ = nullptr;
};

// Copies as memcpy() does, without a call for up to 32 bytes, as names and keys
// have.
inline void CopyShort(char* to, const char* from, size_t size) {
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size > 16) {
    // The first and the last 16 bytes, which may overlap.
    std::memcpy(to, from, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

class ByteBuffer : public UninitializedBuffer<char> {
 public:
  void Append(absl::string_view bytes) {
    CopyShort(Extend(bytes.size()), bytes.data(), bytes.size());
  }
  absl::string_view view() const { return {data(), size()}; }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_BYTE_BUFFER_H_
