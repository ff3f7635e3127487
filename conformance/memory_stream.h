// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CONFORMANCE_MEMORY_STREAM_H_
#define DEVSTATE_CONFORMANCE_MEMORY_STREAM_H_

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"

namespace devstate::conformance {

// A source of bytes in memory. Requires: they outlive it.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(absl::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<size_t> Read(char* buffer, size_t size) override {
    size = std::min(size, rest_.size());
    std::memcpy(buffer, rest_.data(), size);
    rest_.remove_prefix(size);
    return size;
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

 private:
  std::string bytes_;
};

}  // namespace devstate::conformance

#endif  // DEVSTATE_CONFORMANCE_MEMORY_STREAM_H_
