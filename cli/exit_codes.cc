// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/exit_codes.h"

#include "absl/strings/str_cat.h"

namespace devstate {
namespace {

constexpr size_t kLineLength = 80;

const char* NameOf(int code) {
  for (const ExitCode& known : kExitCodes) {
    if (known.code == code) return known.name;
  }
  return "";
}

}  // namespace

std::string ExitCodesText(std::initializer_list<VerbExit> exits) {
  std::string text = "Exit codes:";
  size_t line_start = 0;
  for (const VerbExit& exit : exits) {
    const std::string part = absl::StrCat(
        exit.code, " ", exit.text == nullptr ? NameOf(exit.code) : exit.text,
        &exit + 1 == exits.end() ? "." : ",");
    // A line ends after a comma only, so that a code stays with its text.
    if (text.size() - line_start + 1 + part.size() > kLineLength) {
      text += '\n';
      line_start = text.size();
    } else {
      text += ' ';
    }
    text += part;
  }
  return absl::StrCat(text, "\n");
}

int ExitCodeOf(VerdictLevel level) {
  switch (level) {
    case VERDICT_LEVEL_DAMAGED:
      return kExitDamaged;
    case VERDICT_LEVEL_REFUSED:
      return kExitRefused;
    case VERDICT_LEVEL_CONDITIONAL:
      return kExitConditional;
    case VERDICT_LEVEL_LOSSY:
      return kExitLossy;
    default:
      return kExitOk;
  }
}

}  // namespace devstate
