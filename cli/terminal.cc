// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/terminal.h"

#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

absl::string_view Environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

const char* CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kRed:
      return "31";
  }
  return "0";
}

}  // namespace

bool IsSmartTerminal(int fd) {
  const absl::string_view kind = Environment("TERM");
  return !kind.empty() && kind != "dumb" && isatty(fd) == 1;
}

bool WantsColour(int fd) {
  return Environment("NO_COLOR").empty() && IsSmartTerminal(fd);
}

std::string Painted(absl::string_view text, Colour colour, int fd) {
  if (!WantsColour(fd)) return std::string(text);
  return absl::StrCat("\x1b[1;", CodeOf(colour), "m", text, "\x1b[0m");
}

}  // namespace devstate
