// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/gate/quirks.h"

#include "absl/strings/ascii.h"

namespace devstate {
namespace {

// Takes the digits that `text` starts with, without leading zeros.
absl::string_view TakeNumber(absl::string_view* text) {
  size_t end = 0;
  while (end < text->size() && absl::ascii_isdigit((*text)[end])) ++end;
  absl::string_view number = text->substr(0, end);
  text->remove_prefix(end);
  while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
  return number;
}

}  // namespace

int CompareVersions(absl::string_view a, absl::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (absl::ascii_isdigit(a[0]) && absl::ascii_isdigit(b[0])) {
      const absl::string_view x = TakeNumber(&a);
      const absl::string_view y = TakeNumber(&b);
      if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
      if (const int order = x.compare(y); order != 0) return order;
      continue;
    }
    if (a[0] != b[0]) return a[0] < b[0] ? -1 : 1;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

bool Applies(const Quirk& quirk, const StreamHeader& header) {
  const WriterName& writer = header.writer;
  return quirk.implementation == writer.name &&
         (quirk.first_version.empty() ||
          CompareVersions(writer.version, quirk.first_version) >= 0) &&
         (quirk.last_version.empty() ||
          CompareVersions(writer.version, quirk.last_version) <= 0) &&
         (quirk.fingerprint.empty() || quirk.fingerprint == header.fingerprint);
}

}  // namespace devstate
