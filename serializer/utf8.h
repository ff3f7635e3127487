// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_UTF8_H_
#define DEVSTATE_SERIALIZER_UTF8_H_

#include "absl/strings/string_view.h"

namespace devstate {

// Returns whether `text` is UTF-8 as Unicode defines it: no overlong forms, no
// surrogates, nothing above U+10FFFF.
bool IsValidUtf8(absl::string_view text);

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_UTF8_H_
