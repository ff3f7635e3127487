// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_NAME_TEXT_H_
#define DEVSTATE_SCHEMA_NAME_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// The bytes of a name up to which NameText() shows it.
inline constexpr size_t kMaxShownNameBytes = 256;

// Returns text for one line of a log or a terminal: nothing but control
// characters and what is not UTF-8 is escaped. A text that quotes bytes has
// escaped them itself.
std::string PrintableText(absl::string_view text);

// Returns a name that comes from elsewhere, such as a stream's header, as
// PrintableText(), cut if it is long.
std::string NameText(absl::string_view name);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_NAME_TEXT_H_
