// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The names of docs/stream_format.md, which are those of the enums without
// their prefix.

#ifndef DEVSTATE_SERIALIZER_ENUM_NAMES_H_
#define DEVSTATE_SERIALIZER_ENUM_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "devstate/columns.pb.h"
#include "devstate/stream.pb.h"

namespace devstate {

// Returns "NO_TRAILER".
inline std::string ReasonName(ErrorReason reason) {
  const absl::string_view name = ErrorReason_Name(reason);
  return std::string(absl::StripPrefix(name, "ERROR_REASON_"));
}

// Returns "UNSIGNED".
inline std::string KindName(ColumnKind kind) {
  const absl::string_view name = ColumnKind_Name(kind);
  return std::string(absl::StripPrefix(name, "COLUMN_KIND_"));
}

// Returns "RUN_LENGTH".
inline std::string EncodingName(NumberEncoding encoding) {
  const absl::string_view name = NumberEncoding_Name(encoding);
  return std::string(absl::StripPrefix(name, "NUMBER_ENCODING_"));
}

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_ENUM_NAMES_H_
