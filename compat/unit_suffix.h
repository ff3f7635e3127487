// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_UNIT_SUFFIX_H_
#define DEVSTATE_COMPAT_UNIT_SUFFIX_H_

#include "absl/strings/string_view.h"

namespace devstate {

// Returns the unit that ends a field's name ("ms" of timeout_ms), or empty.
inline absl::string_view UnitSuffix(absl::string_view name) {
  constexpr absl::string_view kUnits[] = {
      "ns",     "us",       "ms",      "s",      "sec",    "secs",  "seconds",
      "min",    "mins",     "minutes", "hours",  "bits",   "bytes", "kb",
      "kib",    "mb",       "mib",     "gb",     "gib",    "pages", "sectors",
      "blocks", "clusters", "words",   "hz",     "khz",    "mhz",   "ghz",
      "ticks",  "cycles",   "percent", "millis", "micros", "nanos", "msec",
      "usec",   "nsec",     "jiffies", "bps",    "kbps",   "mbps"};
  const size_t end = name.rfind('_');
  if (end == absl::string_view::npos) return {};
  const absl::string_view last = name.substr(end + 1);
  for (const absl::string_view unit : kUnits) {
    if (last == unit) return last;
  }
  return {};
}

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_UNIT_SUFFIX_H_
