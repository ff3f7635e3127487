// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The fields of NumberColumn of proto/devstate/columns.proto, for its writer
// and its reader.

#ifndef DEVSTATE_SERIALIZER_INTERNAL_NUMBER_COLUMN_FIELDS_H_
#define DEVSTATE_SERIALIZER_INTERNAL_NUMBER_COLUMN_FIELDS_H_

#include <cstddef>
#include <cstdint>

#include "devstate/serializer/column_encoding.h"

namespace devstate::number_column {

inline constexpr uint32_t kKindField = kColumnKindField;
inline constexpr uint32_t kEncodingField = 2;
inline constexpr uint32_t kBaseField = 3;
inline constexpr uint32_t kStepField = 4;
inline constexpr uint32_t kWidthField = 5;
inline constexpr uint32_t kDataField = 6;
inline constexpr uint32_t kValuesField = 7;

// The most values that one byte of DICTIONARY can tell apart.
inline constexpr size_t kMaxDictionarySize = 256;

}  // namespace devstate::number_column

#endif  // DEVSTATE_SERIALIZER_INTERNAL_NUMBER_COLUMN_FIELDS_H_
