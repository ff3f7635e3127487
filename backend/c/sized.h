// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Structs that a caller fills, from an older or newer devstate.h than ours.

#ifndef DEVSTATE_BACKEND_C_SIZED_H_
#define DEVSTATE_BACKEND_C_SIZED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace devstate::c {

// `given` with zeros for what its caller does not know; all zeros if it is
// null. `name` is the type's. INVALID_ARGUMENT if the caller set something that
// this library does not know.
template <typename Struct>
absl::StatusOr<Struct> ReadSized(const Struct* given, const char* name) {
  static_assert(offsetof(Struct, size) == 0, "size comes first");
  Struct result = {};
  if (given == nullptr) return result;
  const size_t size = given->size;
  if (size < sizeof(given->size)) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ".size is ", size, ": set it to sizeof(", name, ")"));
  }
  std::memcpy(static_cast<void*>(&result), given,
              std::min(size, sizeof(Struct)));
  const char* rest = reinterpret_cast<const char*>(given) + sizeof(Struct);
  if (size > sizeof(Struct) &&
      std::any_of(rest, rest + (size - sizeof(Struct)),
                  [](char byte) { return byte != 0; })) {
    return absl::InvalidArgumentError(absl::StrCat(
        name,
        " has members set that this library, older than the devstate.h "
        "of the caller, does not know: update the library"));
  }
  return result;
}

}  // namespace devstate::c

#endif  // DEVSTATE_BACKEND_C_SIZED_H_
