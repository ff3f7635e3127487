// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_CLI_TERMINAL_H_
#define DEVSTATE_CLI_TERMINAL_H_

#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// Returns whether `fd` is a terminal that understands escape sequences. One
// with TERM=dumb or without TERM does not. Thread-safe, as all functions here.
bool IsSmartTerminal(int fd);

// Returns the same if the user has not set NO_COLOR (https://no-color.org),
// else false.
bool WantsColour(int fd);

enum class Colour { kGreen, kYellow, kRed };

// Returns `text` in bold and `colour` if `fd` wants colour, else as it is.
std::string Painted(absl::string_view text, Colour colour, int fd);

}  // namespace devstate

#endif  // DEVSTATE_CLI_TERMINAL_H_
