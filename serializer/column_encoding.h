// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The encodings of proto/devstate/columns.proto, number by number, for code
// without Protocol Buffers, and the names of docs/stream_format.md.

#ifndef DEVSTATE_SERIALIZER_COLUMN_ENCODING_H_
#define DEVSTATE_SERIALIZER_COLUMN_ENCODING_H_

#include <cstdint>
#include <string>

#include "devstate/schema/value_kind.h"

namespace devstate {

// NumberEncoding.
enum class ColumnEncoding : uint8_t {
  kPlain = 0,
  kConstant = 1,
  kSequence = 2,
  kRunLength = 3,
  kByte = 4,
  kDeltaByte = 5,
  kFixed = 6,
  kDictionary = 7,
};
inline constexpr int kColumnEncodings = 8;

// BytesLayout.
enum class ColumnLayout : uint8_t {
  kConcatenated = 0,
  kWords = 1,
};
inline constexpr int kColumnLayouts = 2;

// The field of NumberColumn and of BytesColumn that has the kind.
inline constexpr uint32_t kColumnKindField = 1;

// Returns "UNSIGNED".
inline std::string KindName(ValueKind kind) {
  constexpr const char* kNames[kValueKinds] = {
      "UNSPECIFIED", "UNSIGNED", "SIGNED", "FLOAT", "DOUBLE", "BYTES", "TEXT"};
  return kNames[static_cast<int>(kind)];
}

// Returns "RUN_LENGTH".
inline std::string EncodingName(ColumnEncoding encoding) {
  constexpr const char* kNames[kColumnEncodings] = {
      "PLAIN", "CONSTANT",   "SEQUENCE", "RUN_LENGTH",
      "BYTE",  "DELTA_BYTE", "FIXED",    "DICTIONARY"};
  return kNames[static_cast<int>(encoding)];
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_COLUMN_ENCODING_H_
