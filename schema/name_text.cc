// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/name_text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace devstate {

std::string PrintableText(absl::string_view text) {
  return absl::StrReplaceAll(absl::Utf8SafeCEscape(text),
                             {{"\\'", "'"}, {"\\\"", "\""}, {"\\\\", "\\"}});
}

std::string NameText(absl::string_view name) {
  return absl::StrCat(PrintableText(name.substr(0, kMaxShownNameBytes)),
                      name.size() > kMaxShownNameBytes ? "..." : "");
}

}  // namespace devstate
