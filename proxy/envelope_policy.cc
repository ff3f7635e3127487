// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/envelope_policy.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/schema/name_text.h"

namespace devstate::proxy {
namespace {

using opaque::Label;

constexpr DeviceRule kDevice = {
    "opaque-device", "An opaque state is that of another kind of device.",
    "Connect the front-end to the right back-end."};
constexpr DeviceRule kImplementation = {
    "opaque-implementation",
    "An opaque state was saved by an implementation or version that this one "
    "takes no states of.",
    "Start the back-end that saved it, or list that in --policy."};

// Removes the digits at the start of `rest` and returns them without leading
// zeros.
absl::string_view TakeNumber(absl::string_view* rest) {
  size_t size = 0;
  while (size < rest->size() && absl::ascii_isdigit((*rest)[size])) ++size;
  absl::string_view number = rest->substr(0, size);
  rest->remove_prefix(size);
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

// Removes what stands before the next digit and returns it.
absl::string_view TakeText(absl::string_view* rest) {
  size_t size = 0;
  while (size < rest->size() && !absl::ascii_isdigit((*rest)[size])) ++size;
  const absl::string_view text = rest->substr(0, size);
  rest->remove_prefix(size);
  return text;
}

std::string NameOf(const Label& label) {
  if (label.implementation().empty()) return "an unknown implementation";
  return absl::StrCat(NameText(label.implementation()), " ",
                      label.implementation_version().empty()
                          ? "of unknown version"
                          : NameText(label.implementation_version()));
}

}  // namespace

std::optional<bool> IsOlderVersion(absl::string_view a, absl::string_view b) {
  while (true) {
    const absl::string_view text_a = TakeText(&a);
    const absl::string_view text_b = TakeText(&b);
    // One goes on where the other ends: "1.13" came before "1.13.2".
    if (a.empty() && text_a.empty() && text_b == "." && !b.empty()) return true;
    if (b.empty() && text_b.empty() && text_a == "." && !a.empty()) {
      return false;
    }
    if (text_a != text_b || a.empty() != b.empty()) return std::nullopt;
    if (a.empty()) return false;
    const absl::string_view number_a = TakeNumber(&a);
    const absl::string_view number_b = TakeNumber(&b);
    if (number_a == number_b) continue;
    if (number_a.size() != number_b.size()) {
      return number_a.size() < number_b.size();
    }
    return number_a < number_b;
  }
}

absl::StatusOr<EnvelopePolicy> EnvelopePolicy::Parse(absl::string_view text) {
  EnvelopePolicy policy;
  policy.same_ = policy.newer_ = false;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::vector<std::string> words =
        absl::StrSplit(absl::StripAsciiWhitespace(line), absl::ByAnyChar(" \t"),
                       absl::SkipEmpty());
    if (words.empty()) continue;
    if (words[0] == "same" && words.size() == 1) {
      policy.same_ = true;
    } else if (words[0] == "newer" && words.size() == 1) {
      policy.newer_ = true;
    } else if (words[0] == "listed" &&
               (words.size() == 2 || words.size() == 3)) {
      policy.listed_.emplace_back(words[1], words.size() == 3 ? words[2] : "");
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number, ": ", NameText(words[0]),
          ": a line is \"same\", \"newer\" or \"listed IMPLEMENTATION "
          "[VERSION]\""));
    }
  }
  return policy;
}

bool EnvelopePolicy::Takes(const Label& source, const Label& own) const {
  for (const auto& [name, version] : listed_) {
    if (source.implementation() == name &&
        (version.empty() || source.implementation_version() == version)) {
      return true;
    }
  }
  if (source.implementation().empty() ||
      source.implementation() != own.implementation()) {
    return false;
  }
  const std::string& from = source.implementation_version();
  const std::string& to = own.implementation_version();
  if (same_ && from == to) return true;
  return newer_ && !from.empty() && !to.empty() &&
         IsOlderVersion(from, to).value_or(false);
}

absl::Status EnvelopePolicy::Check(const Label& source,
                                   const Label& own) const {
  BrokenRules broken;
  if (!source.device().empty() && !own.device().empty() &&
      source.device() != own.device()) {
    broken.Add(kDevice, "device", "it is ", NameText(source.device()),
               ", this back-end's is ", NameText(own.device()));
  } else if (!Takes(source, own)) {
    broken.Add(kImplementation, "implementation", "saved by ", NameOf(source),
               ", this back-end is ", NameOf(own));
  }
  return broken.ToStatus();
}

}  // namespace devstate::proxy
