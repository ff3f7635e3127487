// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_THIRD_PARTY_LIBMD_SHA256_H_
#define DEVSTATE_THIRD_PARTY_LIBMD_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// Returns the SHA-256 of `bytes`: 32 bytes.
std::string Sha256(absl::string_view bytes);

}  // namespace devstate

#endif  // DEVSTATE_THIRD_PARTY_LIBMD_SHA256_H_
