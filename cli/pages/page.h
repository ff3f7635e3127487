// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What every HTML page of the command has: escaping, head and style. A page is
// one file that needs no other and runs no script. Its markup is XML as well,
// so that tests and tools can parse it.

#ifndef DEVSTATE_CLI_PAGES_PAGE_H_
#define DEVSTATE_CLI_PAGES_PAGE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace devstate {

// Returns `text` as the text of an element or the value of a quoted attribute.
// What no page can hold, control characters and bytes that are not UTF-8, is
// shown as C escapes.
std::string Escaped(absl::string_view text);

// Returns `text` in <code>.
std::string Code(absl::string_view text);

// Returns one character that tells the verdict without its colour.
absl::string_view VerdictMark(absl::string_view verdict);

// Returns mark and word of a verdict, in its colour.
std::string VerdictBadge(absl::string_view verdict);

// Returns a number with its digits in groups of three: "1 234 567".
std::string GroupedDigits(uint64_t number);

// Returns the page whose body is `body`. `title` is text, and the first
// heading; `body` is markup.
std::string PageOf(absl::string_view title, absl::string_view body);

}  // namespace devstate

#endif  // DEVSTATE_CLI_PAGES_PAGE_H_
