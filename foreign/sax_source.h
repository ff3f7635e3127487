// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_FOREIGN_SAX_SOURCE_H_
#define DEVSTATE_FOREIGN_SAX_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "devstate/serializer/byte_stream.h"
#include "nlohmann/json.hpp"

namespace devstate {

// The bytes of a source, one by one, for nlohmann::json's parsers. An error of
// the source looks like its end to them.
class SaxSource {
 public:
  // Requires: `source` outlives this object.
  explicit SaxSource(ByteSource* source) : source_(*source) {}

  SaxSource(const SaxSource&) = delete;
  SaxSource& operator=(const SaxSource&) = delete;

  // Parses to the end of the source. Returns false if the bytes are not of
  // `format`, if the handler says so, or if the source failed.
  bool Parse(nlohmann::json_sax<nlohmann::json>* handler,
             nlohmann::json::input_format_t format) {
    return nlohmann::json::sax_parse(Iterator(this), Iterator(nullptr), handler,
                                     format);
  }

  // Returns the error of the source.
  const absl::Status& status() const { return status_; }
  // Returns how many bytes were taken.
  uint64_t offset() const { return offset_ + position_; }
  // Returns whether the parser has asked for more than there was.
  bool ended() const { return ended_; }

 private:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    explicit Iterator(SaxSource* source) : source_(source) {}
    reference operator*() const { return source_->buffer_[source_->position_]; }
    Iterator& operator++() {
      ++source_->position_;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    // Two are equal if they are both at the end.
    bool operator==(const Iterator& other) const {
      return AtEnd() == other.AtEnd();
    }
    bool operator!=(const Iterator& other) const { return !(*this == other); }

   private:
    bool AtEnd() const { return source_ == nullptr || !source_->Fill(); }

    SaxSource* source_;
  };

  bool Fill() {
    if (position_ < filled_) return true;
    if (ended_) return false;
    offset_ += filled_;
    position_ = filled_ = 0;
    const absl::StatusOr<size_t> read =
        source_.Read(&buffer_[0], buffer_.size());
    if (read.ok()) {
      filled_ = *read;
    } else {
      status_ = read.status();
    }
    ended_ = filled_ == 0;
    return !ended_;
  }

  ByteSource& source_;
  std::string buffer_ = std::string(size_t{64} << 10, '\0');
  size_t position_ = 0;
  size_t filled_ = 0;
  // The offset of the buffer's first byte.
  uint64_t offset_ = 0;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_SAX_SOURCE_H_
