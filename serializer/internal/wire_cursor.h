// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_INTERNAL_WIRE_CURSOR_H_
#define DEVSTATE_SERIALIZER_INTERNAL_WIRE_CURSOR_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "devstate/serializer/internal/varint.h"

namespace devstate {

inline constexpr uint32_t kWireGroup = 3;
inline constexpr uint32_t kWireEndGroup = 4;

// Reads pieces of a message of the wire format. False means that the message is
// not well-formed.
class WireCursor {
 public:
  // The depth of a message in others, the outermost being 1. Protobuf's parsers
  // take 100 inside of that by default.
  static constexpr int kMaxDepth = 101;

  explicit WireCursor(absl::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool AtEnd() const { return position_ == end_; }

  bool Varint(uint64_t* value) {
    const char* next = DecodeVarint(position_, end_, value);
    if (next == nullptr) return false;
    position_ = next;
    return true;
  }
  // Reads a varint and returns its bytes.
  bool RawVarint(absl::string_view* bytes) {
    const char* start = position_;
    uint64_t value;
    if (!Varint(&value)) return false;
    *bytes = {start, static_cast<size_t>(position_ - start)};
    return true;
  }
  bool Tag(uint32_t* number, uint32_t* wire_type) {
    uint64_t tag;
    if (!ShortVarint(&tag)) return false;
    *number = static_cast<uint32_t>(tag >> 3);
    *wire_type = static_cast<uint32_t>(tag & 7);
    return *number != 0;
  }
  bool Bytes(uint64_t size, absl::string_view* bytes) {
    if (size > static_cast<uint64_t>(end_ - position_)) return false;
    *bytes = {position_, static_cast<size_t>(size)};
    position_ += size;
    return true;
  }
  bool LengthDelimited(absl::string_view* bytes) {
    uint64_t size;
    return ShortVarint(&size) && Bytes(size, bytes);
  }
  bool Skip(uint32_t number, uint32_t wire_type, int depth) {
    uint64_t value;
    absl::string_view bytes;
    switch (wire_type) {
      case kWireVarint:
        return Varint(&value);
      case kWireFixed32:
        return Bytes(4, &bytes);
      case kWireFixed64:
        return Bytes(8, &bytes);
      case kWireLength:
        return LengthDelimited(&bytes);
      case kWireGroup:
        return SkipGroup(number, depth + 1);
      default:
        return false;
    }
  }

 private:
  // Tags and lengths have 32 bits; parsers take no longer form.
  bool ShortVarint(uint64_t* value) {
    constexpr ptrdiff_t kMaxSize = 5;
    const char* start = position_;
    return Varint(value) && *value <= UINT32_MAX &&
           position_ - start <= kMaxSize;
  }
  bool SkipGroup(uint32_t group, int depth) {
    if (depth > kMaxDepth) return false;
    uint32_t number;
    uint32_t wire_type;
    while (Tag(&number, &wire_type)) {
      if (wire_type == kWireEndGroup) return number == group;
      if (!Skip(number, wire_type, depth)) return false;
    }
    return false;
  }

  const char* position_;
  const char* end_;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_INTERNAL_WIRE_CURSOR_H_
