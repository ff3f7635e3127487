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
#include "absl/strings/string_view.h"
#include "devstate/serializer/byte_stream.h"
#include "nlohmann/json.hpp"

namespace devstate {

// Finds strings of unknown length in CBOR. nlohmann::json's parser takes a call
// within a call for each string within such a string, and a state of 100 KB
// would end the stack.
class CborStrings {
 public:
  // Takes the next byte. Returns whether such a string starts with it.
  bool StartsEndlessString(uint8_t byte);

 private:
  bool is_string_ = false;
  int length_bytes_ = 0;
  uint64_t length_ = 0;
  // The bytes that are left of a string.
  uint64_t content_ = 0;
};

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
    is_cbor_ = format == nlohmann::json::input_format_t::cbor;
    return nlohmann::json::sax_parse(Iterator(this), Iterator(nullptr), handler,
                                     format);
  }

  // Returns the error of the source, or INVALID_ARGUMENT with an ErrorDetail
  // for CBOR that has a string of unknown length.
  const absl::Status& status() const { return status_; }
  // Returns how many bytes were taken.
  uint64_t offset() const { return offset_ + position_; }
  // Returns the error for what Parse() has not taken. `name` is what the bytes
  // should be: "JSON". `what` is wrong with them, unless they end early.
  absl::Status Damaged(absl::string_view name, absl::string_view what) const;

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
      source_->Take();
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

  void RefuseString();

  void Take() {
    const auto byte = static_cast<uint8_t>(buffer_[position_]);
    if (is_cbor_ && strings_.StartsEndlessString(byte)) RefuseString();
    ++position_;
  }

  bool Fill() {
    if (!status_.ok()) return false;
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
  // Whether the parser has asked for more than there was.
  bool ended_ = false;
  bool is_cbor_ = false;
  CborStrings strings_;
  absl::Status status_;
};

// Returns what a parser says is wrong, in a few words. Its own message quotes
// the whole text that it was in, which may be long, and the guest's.
std::string SaxErrorText(absl::string_view error);

}  // namespace devstate

#endif  // DEVSTATE_FOREIGN_SAX_SOURCE_H_
