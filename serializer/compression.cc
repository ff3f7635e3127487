// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/compression.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "zstd.h"

namespace devstate {

absl::StatusOr<Compression> Compression::Parse(absl::string_view text) {
  if (text == "automatic") return Automatic();
  if (text == "raw") return Raw();
  if (text == "zstd") return Zstd(1);
  int level;
  if (absl::ConsumePrefix(&text, "zstd:") && absl::SimpleAtoi(text, &level) &&
      level >= ZSTD_minCLevel() && level <= ZSTD_maxCLevel()) {
    return Zstd(level);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "not a compression: expected automatic, raw, zstd or zstd:LEVEL with a "
      "level from ",
      ZSTD_minCLevel(), " to ", ZSTD_maxCLevel()));
}

}  // namespace devstate
