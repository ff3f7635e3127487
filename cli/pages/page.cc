// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pages/page.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cli/pages/page_style.h"
#include "devstate/serializer/utf8.h"

namespace devstate {
namespace {

struct Mark {
  absl::string_view verdict;
  absl::string_view mark;
};

// Narrow, and no line breaks there.
constexpr char kThinSpace[] = "\u202f";

constexpr Mark kMarks[] = {
    {"identical", "="}, {"compatible", "✓"}, {"defaulted", "+"},
    {"converted", "~"}, {"lossy", "−"},      {"conditional", "?"},
    {"refused", "✗"},   {"damaged", "!"},
};

}  // namespace

std::string Escaped(absl::string_view text) {
  std::string shown(text);
  if (!IsValidUtf8(text)) {
    shown = absl::CHexEscape(text);
  } else if (std::any_of(text.begin(), text.end(), absl::ascii_iscntrl)) {
    shown = absl::Utf8SafeCHexEscape(text);
  }
  std::string escaped;
  for (const char c : shown) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Code(absl::string_view text) {
  return absl::StrCat("<code>", Escaped(text), "</code>");
}

absl::string_view VerdictMark(absl::string_view verdict) {
  for (const Mark& entry : kMarks) {
    if (entry.verdict == verdict) return entry.mark;
  }
  return "";
}

std::string VerdictBadge(absl::string_view verdict) {
  return absl::StrCat("<span class=\"badge ", Escaped(verdict),
                      "\"><span class=\"mark\">", VerdictMark(verdict),
                      "</span> ", Escaped(verdict), "</span>");
}

std::string GroupedDigits(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t end = digits.size(); end > 3; end -= 3) {
    digits.insert(end - 3, kThinSpace);
  }
  return digits;
}

std::string PageOf(absl::string_view title, absl::string_view body) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>",
      Escaped(title), "</title>\n<style>", kPageStyle,
      "</style>\n</head>\n<body>\n<h1>", Escaped(title), "</h1>\n", body,
      "</body>\n</html>\n");
}

}  // namespace devstate
