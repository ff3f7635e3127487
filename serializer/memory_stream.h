// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_MEMORY_STREAM_H_
#define DEVSTATE_SERIALIZER_MEMORY_STREAM_H_

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate {

// A source of bytes in memory. Requires: they outlive it and do not change.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size = std::min(size, rest_.size());
    std::memcpy(buffer, rest_.data(), size);
    rest_.remove_prefix(size);
    return size;
  }
  absl::string_view Borrow(size_t size) override {
    if (size > rest_.size()) return {};
    const absl::string_view borrowed = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return borrowed;
  }

 private:
  absl::string_view rest_;
};

// Keeps what is written to it.
class MemorySink : public ByteSink {
 public:
  absl::Status Write(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }

  const std::string& bytes() const { return bytes_; }
  // Returns the bytes, and keeps none of them.
  std::string Take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

// Takes all bytes and keeps none.
class NullSink : public ByteSink {
 public:
  absl::Status Write(absl::string_view) override { return absl::OkStatus(); }
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_MEMORY_STREAM_H_
